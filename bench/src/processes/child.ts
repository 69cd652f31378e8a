import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

/** A process that answers each message with one, and ends when its parent does. */
export interface Child {
  ask<Answer>(message: unknown): Promise<Answer>;
  stop(): Promise<void>;
}

const built = new URL('../../dist/', import.meta.url);

/** Each kind of process has a core of its own, as far as the machine allows. */
const cores = { server: '0', load: '1' } as const;

/** Whether processes can be given their own cores here: it needs two, and a Linux. */
export const isPinned = availableParallelism() > 1 && !spawnSync('taskset', ['-V']).error;

export interface ChildOptions {
  readonly role: keyof typeof cores;
  readonly args?: readonly string[];
  readonly nodeOptions?: readonly string[];
}

/** Starts a built file of this package. */
export function startChild(
  file: string,
  { role, args = [], nodeOptions = [] }: ChildOptions,
): Child {
  const command = [process.execPath, ...nodeOptions, fileURLToPath(new URL(file, built)), ...args];
  if (isPinned) command.unshift('taskset', '-c', cores[role]);
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  const ended = exited.then(() => {
    throw new Error(`${file} ${args.join(' ')} ended`);
  });
  // Callers get the error of their request; an end after a stop is none.
  ended.catch(() => undefined);
  return {
    ask: async <Answer>(message: unknown) => {
      const answered = once(child, 'message');
      child.send(message as object);
      const [answer] = (await Promise.race([answered, ended])) as [Answer];
      return answer;
    },
    stop: async () => {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
