import { stat } from 'node:fs/promises';

import { accessModelProblem } from '../access/access.errors.js';
import { MAX_CLAIMS_REQUEST_BYTES } from '../custom-claims.js';
import { emailKey } from '../credentials/email.js';
import { NewUserRequest } from '../users/users.admin.schema.js';
import { UsersError, usersProblem } from '../users/users.errors.js';
import type { AdminServices } from './admin-services.js';
import { CommandError } from './console.js';
import { fileLines } from './file-lines.js';
import type { CommandResult } from './user-commands.js';

/** Wrong lines that are listed: nobody reads more. */
const MAX_SHOWN = 100;

type Services = Pick<AdminServices, 'accessModel' | 'dataSource' | 'passwordRules' | 'users'>;

interface ImportedUser {
  readonly line: number;
  readonly user: NewUserRequest;
}

/**
 * Adds the users of a file, each a line of JSON as `POST /admin/users` takes it. If one line is
 * wrong, nothing is added. Existing users are not changed, so that a second run adds those that the first
 * one did not add, for any reason.
 *
 * @throws CommandError that names each wrong line
 */
export async function importUsers(services: Services, path: string): Promise<CommandResult> {
  await demandFile(path);
  const faults = new Faults();
  const count = await check(services, path, faults);
  faults.refuseAny();
  const existing: string[] = [];
  for await (const { line, user } of usersIn(path, faults)) {
    try {
      await services.users.create(user, { actor: null, command: 'import-users' });
    } catch (error) {
      const isThere = error instanceof UsersError && error.code === 'email_taken';
      if (!isThere) throw asCommandError(error, line);
      existing.push(JSON.stringify({ line, email: user.email, added: false }));
    }
  }
  // Only if the file has changed between the two readings.
  faults.refuseAny();
  const added = count - existing.length;
  return {
    results: existing,
    message: `Users that were added: ${added}. Users who had an account already, and were not changed: ${existing.length}.`,
  };
}

/** A file and no pipe: it is read twice. */
async function demandFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw new CommandError(`There is no file ${path}.`);
}

/** @returns how many users there are */
async function check(
  { accessModel, dataSource, passwordRules }: Services,
  path: string,
  faults: Faults,
): Promise<number> {
  const lineOf = new Map<string, number>();
  const checkedRoles = new Map<string, string>();
  for await (const { line, user } of usersIn(path, faults)) {
    const key = emailKey(user.email);
    const before = lineOf.get(key);
    if (before === undefined) lineOf.set(key, line);
    else faults.add(line, `email is that of line ${before}`);
    if (user.password !== undefined) {
      const use = { email: user.email, path: 'password' };
      const fault = await passwordRules.refuse(user.password, use).then(() => '', textOf);
      if (fault) faults.add(line, `password ${fault}`);
    }
    for (const role of user.roles) {
      if (!checkedRoles.has(role)) {
        const unknown = accessModel.assertRoles(dataSource.manager, [role]);
        checkedRoles.set(role, await unknown.then(() => '', textOf));
      }
      const fault = checkedRoles.get(role);
      if (fault) faults.add(line, `roles: ${JSON.stringify(role)} ${fault}`);
    }
  }
  return lineOf.size;
}

/** The users of a file. Lines that are no users are added to `faults`. */
async function* usersIn(path: string, faults: Faults): AsyncGenerator<ImportedUser> {
  for await (const { number, text } of fileLines(path, MAX_CLAIMS_REQUEST_BYTES)) {
    if (text === undefined) {
      faults.add(number, `is longer than ${MAX_CLAIMS_REQUEST_BYTES} bytes, or is not UTF-8`);
      continue;
    }
    const { success, data, error } = NewUserRequest.safeParse(parsed(text));
    if (success) yield { line: number, user: data };
    else {
      for (const { path: member, message } of error.issues) {
        faults.add(number, [member.join('.'), message].filter(Boolean).join(' '));
      }
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** What an error says of a password or role. Any other error is thrown again. */
function textOf(error: unknown): string {
  const { errors } = accessModelProblem(error) ?? usersProblem(error) ?? {};
  if (!errors) throw error;
  return errors.map(({ message }) => message).join(', ');
}

/**
 * Between the two readings a role may have been removed, or a password listed as stolen. Any other
 * error is thrown again.
 */
function asCommandError(error: unknown, line: number): CommandError {
  const what = error instanceof UsersError ? 'password ' : '';
  return new CommandError(
    `Line ${line}: ${what}${textOf(error)}. The lines before it are imported.`,
  );
}

/** What is wrong, line by line, without text of the file, which may be a secret. */
class Faults {
  private readonly shown: string[] = [];
  private count = 0;

  add(line: number, fault: string): void {
    this.count += 1;
    if (this.shown.length < MAX_SHOWN) this.shown.push(`line ${line}: ${fault}`);
  }

  refuseAny(): void {
    if (this.count === 0) return;
    const more = this.count - this.shown.length;
    throw new CommandError(
      [
        'Not imported:',
        ...this.shown.map((fault) => `  ${fault}`),
        ...(more > 0 ? [`  and ${more} more`] : []),
      ].join('\n'),
    );
  }
}
