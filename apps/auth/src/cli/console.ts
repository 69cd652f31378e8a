import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { z } from 'zod';

import { NewPassword } from '../credentials/passwords.js';

/** Where a command reads and writes. */
export interface Console extends Terminal {
  /** For what a script reads. */
  readonly results: NodeJS.WritableStream;
}

/** An error that the user of the command can correct. `message` says how. */
export class CommandError extends Error {}

/** @throws CommandError */
export function demand(schema: z.ZodType<string>, text: string, name: string): string {
  const { success, data, error } = schema.safeParse(text);
  if (success) return data;
  throw new CommandError(`${name} ${error.issues.map(({ message }) => message).join(', and ')}.`);
}

/** @throws CommandError, PasswordNotGiven */
export async function demandPassword(console: Console): Promise<string> {
  return demand(NewPassword, await readNewPassword(console), 'The password');
}

/** The terminal of a user, or the pipe of a script. */
interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** For prompts and messages. */
  readonly output: NodeJS.WritableStream;
}

/** The user gave up, or typed two different passwords. `message` is for them. */
export class PasswordNotGiven extends Error {
  override readonly name = 'PasswordNotGiven';
}

/**
 * A new password: at a terminal typed twice and never shown, else the first line of the input.
 *
 * @throws PasswordNotGiven
 */
async function readNewPassword({ input, output }: Terminal): Promise<string> {
  const isTerminal = input.isTTY === true;
  // Typed characters appear because readline writes them to its output: this output drops them.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: isTerminal });
  // `question` would miss a last line without a line break.
  const typed: AsyncIterator<string, undefined> = lines[Symbol.asyncIterator]();
  const ask = async (prompt: string): Promise<string> => {
    if (isTerminal) output.write(prompt);
    const { done, value } = await typed.next();
    if (isTerminal) output.write('\n');
    if (done) throw new PasswordNotGiven('No password was given.');
    return value;
  };
  try {
    const password = await ask('Password: ');
    if (isTerminal && (await ask('Once more: ')) !== password) {
      throw new PasswordNotGiven('The passwords are not the same.');
    }
    return password;
  } finally {
    lines.close();
  }
}
