import type { z } from 'zod';

import { NewPassword } from '../passwords.js';
import { readNewPassword, type Terminal } from './read-password.js';

/** Where a command reads and writes. */
export interface Console extends Terminal {
  /** For what a script reads. */
  readonly results: NodeJS.WritableStream;
}

/** An error that the user of the command can correct. `message` says how. */
export class Refusal extends Error {}

/** @throws Refusal */
export function demand(schema: z.ZodType<string>, text: string, name: string): string {
  const { success, data, error } = schema.safeParse(text);
  if (success) return data;
  throw new Refusal(`${name} ${error.issues.map(({ message }) => message).join(', and ')}.`);
}

/** @throws Refusal, PasswordNotGiven */
export async function demandPassword(console: Console): Promise<string> {
  return demand(NewPassword, await readNewPassword(console), 'The password');
}
