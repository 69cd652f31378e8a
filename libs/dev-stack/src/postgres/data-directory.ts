import { accessSync, chmodSync, constants, lstatSync, mkdirSync, mkdtempSync } from 'node:fs';
import { realpathSync, rmdirSync, statSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { DevStackError } from '../dev-stack-error.js';
import type { ProcessAccount } from '../supervision/supervised-process.js';
import { canEnter, ROOTS_OWN_PLACE, serverAccount } from './account.js';

/** Where a server keeps its data, and whom it runs as to be able to. */
export interface DataDirectory {
  /** Absolute, without symbolic links. Need not exist yet, but its parent does. */
  path: string;
  account: ProcessAccount | undefined;
  /** What to remove when the server is stopped. */
  temporary: string | undefined;
}

/**
 * The directory for a server that is kept. If the unprivileged account that root must use cannot
 * reach it, a link to a place that the account does reach takes its name.
 * @throws DevStackError `directory_unusable`
 */
export function keptDirectory(wanted: string): DataDirectory {
  const link = resolve(wanted);
  try {
    const path = realPath(link);
    if (exists(path) && !statSync(path).isDirectory()) throw new Error('it is not a directory');
    const account = serverAccount(path);
    if (canEnter(dirname(path), account)) {
      if (!account && exists(path)) accessSync(path, constants.R_OK | constants.W_OK);
      return { path, account, temporary: undefined };
    }
    if (exists(link)) rmdirSync(link);
    mkdirSync(ROOTS_OWN_PLACE, { recursive: true, mode: 0o755 });
    const place = mkdtempSync(join(ROOTS_OWN_PLACE, 'postgres-'));
    symlinkSync(place, link);
    return { path: place, account, temporary: undefined };
  } catch (cause) {
    if (cause instanceof DevStackError) throw cause;
    throw new DevStackError(
      'directory_unusable',
      `${link} cannot hold the data of Postgres: ${(cause as Error).message}. ` +
        'Set EMBEDDED_POSTGRES_DIR to a directory of your own.',
      { cause },
    );
  }
}

/** A new directory for a server of which nothing is kept. */
export function temporaryDirectory(): DataDirectory {
  const account = serverAccount(tmpdir());
  const parent = canEnter(tmpdir(), account) ? tmpdir() : ROOTS_OWN_PLACE;
  mkdirSync(parent, { recursive: true, mode: 0o755 });
  const temporary = mkdtempSync(join(realpathSync(parent), 'jwt-auth-postgres-'));
  if (account) chmodSync(temporary, 0o755);
  return { path: join(temporary, 'data'), account, temporary };
}

/** Resolves links and makes parents. A link whose target has gone is as good as none. */
function realPath(path: string): string {
  if (exists(path)) return realpathSync(path);
  if (lstatSync(path, { throwIfNoEntry: false })) unlinkSync(path);
  mkdirSync(dirname(path), { recursive: true });
  return join(realpathSync(dirname(path)), path.slice(dirname(path).length + 1));
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
