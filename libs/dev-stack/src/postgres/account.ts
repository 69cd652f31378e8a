import { execFileSync, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import type { ProcessAccount } from '../supervision/supervised-process.js';

const NAMES = ['postgres', '_postgres', 'nobody'];
const NOBODY: ProcessAccount = { uid: 65_534, gid: 65_534 };

/**
 * Whom a server on `dataDir` runs as: `undefined` (the caller), unless the caller is root, as whom
 * Postgres refuses to run: then the owner of the directory, or an unprivileged account.
 */
export function serverAccount(dataDir: string): ProcessAccount | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(dataDir, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  for (const name of NAMES) {
    const account = lookUp(name);
    if (account) return account;
  }
  return NOBODY;
}

function lookUp(name: string): ProcessAccount | undefined {
  const id = (flag: string) =>
    Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

/** Whether the account can enter `directory`. Tried, because modes alone do not tell (ACLs). */
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
export const ROOTS_OWN_PLACE = '/var/lib/jwt-auth';
