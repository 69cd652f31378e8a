import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** Where a person, or a script in their place, sits. */
export interface Console {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** For prompts and messages. */
  readonly output: NodeJS.WritableStream;
}

/** The person gave up, or typed two different passwords. `message` is for them. */
export class PasswordNotGiven extends Error {
  override readonly name = 'PasswordNotGiven';
}

/**
 * A new password: at a terminal typed twice and never shown, else the first line of the input.
 *
 * @throws PasswordNotGiven
 */
export async function readNewPassword({ input, output }: Console): Promise<string> {
  const isTerminal = input.isTTY === true;
  // A terminal shows what readline writes back to it, and this goes nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: isTerminal });
  const ended = new AbortController();
  lines.once('close', () => ended.abort());
  const ask = async (prompt: string): Promise<string> => {
    // Before the prompt, which a script may answer at once.
    const answer = lines.question('', { signal: ended.signal });
    if (isTerminal) output.write(prompt);
    try {
      return await answer;
    } catch (cause) {
      throw new PasswordNotGiven('No password was given.', { cause });
    } finally {
      if (isTerminal) output.write('\n');
    }
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
