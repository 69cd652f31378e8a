import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode } from '../errors.js';

/**
 * Makes and claims a directory for this process: `base`, or when another live process has that one
 * `base-2`, `base-3` and so on. The claim is the file `claimed-by`, which holds a process id; it ends
 * with the process. A number that the system gave to another program meanwhile costs only a suffix.
 */
export function claimDirectory(base: string): string {
  for (let number = 1; ; number++) {
    const directory = number === 1 ? base : `${base}-${number}`;
    mkdirSync(directory, { recursive: true });
    const file = join(directory, 'claimed-by');
    if (!claim(file)) continue;
    process.once('exit', () => rmSync(file, { force: true }));
    return directory;
  }
}

/** Writes a file whole or not at all. @returns whether this call made it */
export function writeOnce(file: string, content: string): boolean {
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, content, { mode: 0o600 });
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft);
  }
}

/** Whether a process with this number runs, of any account. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}

function claim(file: string): boolean {
  if (writeOnce(file, `${process.pid}`)) return true;
  const owner = readIfThere(file) ?? '';
  const pid = Number(owner);
  if (pid > 0 && pid !== process.pid && isAlive(pid)) return false;
  removeIfStill(file, owner);
  return writeOnce(file, `${process.pid}`);
}

/** Removes a file unless another process has replaced it since its content was read. */
export function removeIfStill(file: string, content: string): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  if (readFileSync(aside, 'utf8') !== content) linkSync(aside, file);
  rmSync(aside);
}

/** The content of a file, or `undefined` if there is none. */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
