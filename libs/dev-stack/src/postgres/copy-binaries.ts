import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { errorCode } from '../error-code.js';
import { ROOTS_OWN_PLACE } from './account.js';
import { completeBinaries } from './complete-binaries.js';

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
  if (process.getuid?.() === 0) return ROOTS_OWN_PLACE;
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
