import { DatabaseError, SettingsError, type Environment } from '@jwt-auth/chassis';

import type { Config } from '../config.js';
import { Email } from '../credentials/email.js';
import { SessionsError } from '../sessions/sessions.errors.js';
import { databaseConfig, PASSWORD_SETTINGS } from '../settings.js';
import { PASSWORD_FAULTS, UsersError, type UsersErrorCode } from '../users/users.errors.js';
import { withAdminServices } from './admin-services.js';
import { demand, demandPassword, PasswordNotGiven, CommandError, type Console } from './console.js';
import { createAdmin } from './create-admin.js';
import { importUsers } from './import-users.js';
import { demandUser, takes, USER_COMMANDS, type CommandResult } from './user-commands.js';

const line = (command: string, purpose: string): string => `  ${command.padEnd(40)}${purpose}`;

const USAGE = [
  'Usage: npm run admin -- <command>',
  '',
  line('create-admin <email>', 'makes an administrator'),
  line('import-users <file>', 'adds users of another system, a line of JSON each'),
  ...Object.entries(USER_COMMANDS).map(([name, { argument, purpose }]) =>
    line([name, '<user>', ...(argument ? [`[${argument.name}]`] : [])].join(' '), purpose),
  ),
  '',
  '<user> is an e-mail or an id. A password is asked for, or read from standard input when that is no',
  'terminal; it is never an argument. Needs DATABASE_URL.',
].join('\n');

type Run = (config: Config, console: Console) => Promise<CommandResult>;

/** Runs a command of an administrator's shell, and returns the exit code of its process. */
export async function runAdminCommand(
  args: readonly string[],
  console: Console,
  environment?: Environment,
): Promise<number> {
  const say = (text: string): void => void console.output.write(`${text}\n`);
  const run = commandOf(args);
  if (!run) {
    say(USAGE);
    return 2;
  }
  try {
    const { results = [], message } = await run(
      databaseConfig(environment, PASSWORD_SETTINGS),
      console,
    );
    for (const result of results) console.results.write(`${result}\n`);
    if (message !== undefined) say(message);
    return 0;
  } catch (error) {
    const message = refusal(error);
    if (message === undefined) throw error;
    say(message);
    return 1;
  }
}

function commandOf([name = '', target, argument, ...others]: readonly string[]): Run | undefined {
  if (target === undefined || others.length > 0) return undefined;
  if (name === 'create-admin' && argument === undefined) {
    return (config, console) => makeAdmin(config, target, console);
  }
  if (name === 'import-users' && argument === undefined) {
    return (config) => withAdminServices(config, (services) => importUsers(services, target));
  }
  const command = Object.hasOwn(USER_COMMANDS, name) ? USER_COMMANDS[name] : undefined;
  if (!command || !takes(command, argument)) return undefined;
  return (config, console) =>
    withAdminServices(config, async (services) =>
      command.run(services, await demandUser(services, target), argument, console),
    );
}

async function makeAdmin(
  config: Config,
  typedEmail: string,
  console: Console,
): Promise<CommandResult> {
  const email = demand(Email, typedEmail, 'The e-mail');
  const password = await demandPassword(console);
  const { id } = await withAdminServices(config, (services) =>
    createAdmin(services, { email, password }),
  );
  return { message: `Made the administrator ${email} with the id ${id}.` };
}

const OF_USERS: Readonly<Partial<Record<UsersErrorCode, string>>> = {
  email_taken: 'This e-mail has an account already. An administrator can give it the role admin.',
  locks_out: 'This is the last administrator who can log in: make another one first.',
  user_not_found: 'The user is gone.',
  password_breached: `The password ${PASSWORD_FAULTS.password_breached}.`,
  password_guessable: `The password ${PASSWORD_FAULTS.password_guessable}.`,
};

function refusal(error: unknown): string | undefined {
  if (error instanceof UsersError) return OF_USERS[error.code];
  if (error instanceof SessionsError && error.code === 'session_not_found') {
    return 'The user has no such session.';
  }
  const isForOperator = [CommandError, PasswordNotGiven, SettingsError, DatabaseError].some(
    (kind) => error instanceof kind,
  );
  return isForOperator && error instanceof Error ? error.message : undefined;
}
