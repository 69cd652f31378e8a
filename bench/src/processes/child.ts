import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

/** A process that answers each message with one, and ends when its parent does. */
export interface Child extends AsyncDisposable {
  /** One question at a time. */
  ask<Answer>(message: unknown): Promise<Answer>;
}

const built = new URL('../../dist/', import.meta.url);

/** Each kind of process has a core of its own, as far as the machine allows. */
const cores = { server: '0', load: '1' } as const;

/** Whether processes can be given their own cores here: it needs two, and a Linux. */
export const isPinned = availableParallelism() > 1 && !spawnSync('taskset', ['-V']).error;

export interface ChildOptions {
  readonly role: keyof typeof cores;
  readonly nodeOptions?: readonly string[];
}

/** Starts a built file of this package. */
export function startChild(file: string, { role, nodeOptions = [] }: ChildOptions): Child {
  const command = [process.execPath, ...nodeOptions, fileURLToPath(new URL(file, built))];
  if (isPinned) command.unshift('taskset', '-c', cores[role]);
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  const ended = exited.then(() => {
    throw new Error(`${file} ended`);
  });
  // Callers get the error of their request; an end after a stop is none.
  ended.catch(() => undefined);
  return {
    ask: async <Answer>(message: unknown) => {
      const answered = once(child, 'message');
      // It fails only when the process has ended, which `ended` reports.
      child.send(message as object, () => undefined);
      const [answer] = (await Promise.race([answered, ended])) as [Answer];
      return answer;
    },
    [Symbol.asyncDispose]: async () => {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
