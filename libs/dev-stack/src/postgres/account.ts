import { execFileSync, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { DevStackError } from '../errors.js';
import type { ProcessAccount } from '../supervision/supervised-process.js';

/** `_postgres` is what macOS calls it. */
const UNPRIVILEGED = ['postgres', '_postgres', 'nobody'];

/**
 * The account for a server on `dataDir`: `undefined` (that of the caller), unless the caller is root,
 * because Postgres refuses to run as root: then the owner of the directory, or an unprivileged account.
 * @throws DevStackError `account_missing`
 */
export function serverAccount(dataDir: string): ProcessAccount | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(dataDir, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return firstAccount(UNPRIVILEGED);
}

/** The first of these accounts that this system has. @throws DevStackError `account_missing` */
export function firstAccount(names: readonly string[]): ProcessAccount {
  for (const name of names) {
    const account = lookUp(name);
    if (account) return account;
  }
  throw new DevStackError(
    'account_missing',
    `Postgres does not run as root, and there is no account to run it as (${names.join(', ')}). ` +
      'Start as a normal user, or set DATABASE_URL to use a Postgres of your own.',
  );
}

function lookUp(name: string): ProcessAccount | undefined {
  const id = (flag: string) =>
    execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    return { uid: Number(id('-u')), gid: Number(id('-g')) };
  } catch {
    return undefined;
  }
}

/** Whether the account can enter `directory`. Tried, because modes alone do not say (ACLs). */
export function canEnter(directory: string, account: ProcessAccount | undefined): boolean {
  if (!account) return true;
  const script = ['-c', 'cd -- "$1"', 'sh', directory];
  const { status, error } = spawnSync('/bin/sh', script, {
    ...account,
    cwd: '/',
    stdio: 'ignore',
  });
  if (error) throw error;
  return status === 0;
}

/**
 * Where root keeps what an unprivileged account must reach although the repository lies under a
 * closed path (`/root`). Not a temporary directory: those are cleaned file by file.
 */
export const SHARED_PLACE = '/var/lib/jwt-auth';

/** A server gets only `PATH` of the caller's environment: `PGDATA` and the like must not leak. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
}
