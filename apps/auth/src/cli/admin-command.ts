import { openDatabase, SettingsError, StructuredLogger, type Environment } from '@jwt-auth/chassis';
import type { z } from 'zod';

import { databaseConfig } from '../config.js';
import { authDatabase } from '../database/auth-database.js';
import { Email } from '../users/email.js';
import { NewPassword } from '../passwords.js';
import { UsersError } from '../users/users.errors.js';
import { createAdmin } from './create-admin.js';
import { PasswordNotGiven, readNewPassword, type Console } from './read-password.js';

const USAGE = `Usage: npm run admin -- create-admin <email>

Makes an administrator. The password is asked for, or read from standard input when that is no
terminal; it is never an argument. Needs DATABASE_URL.
`;

/** An error that the user of the command can correct. `message` says how. */
class Refusal extends Error {}

/** Runs a command of an administrator's shell, and returns the exit code of its process. */
export async function runAdminCommand(
  args: readonly string[],
  console: Console,
  environment?: Environment,
): Promise<number> {
  const say = (text: string): void => void console.output.write(`${text}\n`);
  const [command, email, ...others] = args;
  if (command !== 'create-admin' || email === undefined || others.length > 0) {
    say(USAGE);
    return 2;
  }
  try {
    say(await create(email, console, environment));
    return 0;
  } catch (error) {
    const message = refusal(error);
    if (message === undefined) throw error;
    say(message);
    return 1;
  }
}

async function create(
  typedEmail: string,
  console: Console,
  environment?: Environment,
): Promise<string> {
  const config = databaseConfig(environment);
  const email = demand(Email, typedEmail, 'The e-mail');
  const password = demand(NewPassword, await readNewPassword(console), 'The password');
  const logger = new StructuredLogger({ name: 'admin', level: 'warn' });
  const dataSource = await openDatabase(authDatabase(config.databaseUrl), { logger });
  try {
    const { id } = await createAdmin(dataSource, { email, password });
    return `Made the administrator ${email} with the id ${id}.`;
  } finally {
    await dataSource.destroy();
  }
}

function demand(schema: z.ZodType<string>, text: string, name: string): string {
  const { success, data, error } = schema.safeParse(text);
  if (success) return data;
  throw new Refusal(`${name} ${error.issues.map(({ message }) => message).join(', and ')}.`);
}

function refusal(error: unknown): string | undefined {
  if (error instanceof UsersError && error.code === 'email_taken') {
    return 'This e-mail has an account already. An administrator can give it the role admin.';
  }
  const isForPeople = [Refusal, PasswordNotGiven, SettingsError].some(
    (kind) => error instanceof kind,
  );
  return isForPeople && error instanceof Error ? error.message : undefined;
}
