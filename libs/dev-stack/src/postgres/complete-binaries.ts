import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  symlinkSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { errorCode } from '../error-code.js';

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
