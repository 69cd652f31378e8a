import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { DevStackError } from '../errors.js';
import type { ProgramLog } from './program-log.js';

const WATCHDOG = fileURLToPath(new URL('./watchdog.mjs', import.meta.url));

/** The account of a program, if it is not that of the caller. Only root may choose. */
export interface ProcessAccount {
  uid: number;
  gid: number;
}

/** How a program ended: `code`, or the `signal` that ended it. */
export interface ProcessExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface SupervisedProgram {
  /** For messages and for `ps`. */
  name: string;
  command: string;
  args?: readonly string[];
  cwd?: string;
  /** The whole environment, not an addition to the caller's. */
  env: NodeJS.ProcessEnv;
  account?: ProcessAccount | undefined;
  log: ProgramLog;
  /** Sent one after the other until the program ends; default SIGTERM, then SIGKILL. */
  stopSignals?: readonly NodeJS.Signals[];
  /** Milliseconds between two of them; default 12,000. */
  stopTimeoutMs?: number;
  /** A directory that goes when the program was stopped, or ended after its supervisor did. */
  removeWhenStopped?: string | undefined;
}

/** The first message to a watchdog. It travels by message, because `ps` shows arguments to all. */
export type Instruction = Omit<SupervisedProgram, 'name' | 'log'>;

/** Every later message to a watchdog. */
export type Order = 'stop' | { signal: NodeJS.Signals };

/** What a watchdog reports: first a pid or an error, last how the program ended. */
export type Report =
  | { pid: number }
  | { error: string }
  | { code: number | null; signal: NodeJS.Signals | null };

/** A running program that never outlives the process that started it, not even by kill -9. */
export class SupervisedProcess {
  /** Settles when the program has ended and its supervision with it. */
  readonly exited: Promise<ProcessExit>;
  /** How the program ended, or `undefined` while it runs. */
  ended: ProcessExit | undefined;

  private constructor(
    private readonly watchdog: ChildProcess,
    /** The program's own process id, not its watchdog's. */
    readonly pid: number,
  ) {
    let reported: ProcessExit | undefined;
    watchdog.on('message', (report: Report) => {
      if ('code' in report) reported = report;
    });
    this.exited = new Promise((resolve) => {
      watchdog.once('exit', (code, signal) => {
        // Nobody is left to stop the program of a watchdog that was itself killed.
        if (!reported) killIfAlive(pid);
        this.ended = reported ?? { code, signal };
        resolve(this.ended);
      });
    });
  }

  /** Starts a program. @throws DevStackError `did_not_start` when it cannot be executed */
  static async start({ name, log, ...program }: SupervisedProgram): Promise<SupervisedProcess> {
    const watchdog = spawn(process.execPath, [WATCHDOG, name], {
      detached: true, // its own process group: Ctrl-C and kill -9 of a group spare it
      env: {},
      stdio: ['ignore', log.fd, log.fd, 'ipc'],
    });
    watchdog.send(program satisfies Instruction);
    const report = await firstReport(watchdog);
    if ('pid' in report) return new SupervisedProcess(watchdog, report.pid);
    const reason = 'error' in report ? report.error : `its watchdog ended (${report.code})`;
    throw new DevStackError('did_not_start', `${name} cannot be started: ${reason}`);
  }

  /** Sends one signal, as `kill` would. */
  signal(signal: NodeJS.Signals): void {
    this.order({ signal });
  }

  /** Stops the program, by force if it does not end in time, and reports how it ended. */
  stop(): Promise<ProcessExit> {
    this.order('stop');
    return this.exited;
  }

  private order(order: Order): void {
    // The error is that the watchdog has gone meanwhile, which `exited` reports.
    if (this.watchdog.connected) this.watchdog.send(order, () => undefined);
  }
}

function firstReport(watchdog: ChildProcess): Promise<Report> {
  return new Promise((resolve, reject) => {
    watchdog.once('message', resolve);
    watchdog.once('error', reject);
    watchdog.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
