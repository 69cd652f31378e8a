import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BYTES = 32;

/**
 * The `KEY_ENCRYPTION_KEY` of a development machine: made at the first start, kept in the data
 * directory, readable by its owner alone.
 */
export function developmentKey(dataDirectory: string): Buffer {
  const path = join(dataDirectory, 'key-encryption-key');
  if (!existsSync(path)) makeOnce(path, dataDirectory);
  const key = Buffer.from(readFileSync(path, 'utf8'), 'base64');
  if (key.length !== BYTES) throw new Error(`${path} does not hold ${BYTES} bytes in base64`);
  return key;
}

function makeOnce(path: string, directory: string): void {
  mkdirSync(directory, { recursive: true });
  const draft = `${path}.${randomUUID()}`;
  try {
    writeFileSync(draft, randomBytes(BYTES).toString('base64'), { mode: 0o600, flag: 'wx' });
    // A link appears whole and never replaces: of two processes that start at once, one wins.
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}
