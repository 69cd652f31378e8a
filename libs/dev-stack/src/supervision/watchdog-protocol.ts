import type { ProcessAccount } from './supervised-process.js';

/** The first message to a watchdog. It travels by message, since `ps` shows arguments to all. */
export interface Program {
  command: string;
  args: readonly string[];
  cwd: string | undefined;
  env: NodeJS.ProcessEnv;
  account: ProcessAccount | undefined;
  stopSignals: readonly NodeJS.Signals[];
  patienceMs: number;
  removeWhenStopped: string | undefined;
}

/** Every later message to a watchdog. */
export type Order = 'stop' | { signal: NodeJS.Signals };

/** What a watchdog tells: first a pid or an error, last how the program ended. */
export type Report =
  { pid: number } | { error: string } | { code: number | null; signal: NodeJS.Signals | null };
