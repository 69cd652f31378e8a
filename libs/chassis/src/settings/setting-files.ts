import { closeSync, openSync, readSync } from 'node:fs';

import type { Environment, SettingProblem } from './parse-settings.js';

/** More than any secret, and little enough to read a wrong path such as a disk. */
const MOST_BYTES = 64 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Fills in the settings that are given as files: `NAME_FILE` is the path of a file with the value of
 * `NAME`, as secrets are mounted. White space at the ends of the file is no part of the value.
 *
 * @param names of the settings
 * @returns the variables with those values, and what is wrong. No problem repeats a path or a value:
 *   a secret may have been put in the wrong variable.
 */
export function readSettingFiles(names: readonly string[], environment: Environment) {
  const values: Record<string, string | undefined> = { ...environment };
  const problems: SettingProblem[] = [];
  for (const name of names) {
    const variable = `${name}_FILE`;
    const path = environment[variable];
    if (!path?.trim()) continue;
    if (environment[name]?.trim()) {
      problems.push({ variable, message: `is set, and so is ${name}: set only one of them` });
      continue;
    }
    const content = readSmallFile(path);
    if ('problem' in content) problems.push({ variable, message: content.problem });
    else values[name] = content.text;
  }
  return { values, problems };
}

function readSmallFile(path: string): { text: string } | { problem: string } {
  try {
    const bytes = readAtMost(path, MOST_BYTES + 1);
    if (bytes.length > MOST_BYTES) return { problem: 'the file has more than 64 KiB' };
    const text = utf8.decode(bytes).trim();
    return text === '' ? { problem: 'the file is empty' } : { text };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return { problem: 'the file is not text' };
    // Such as ENOENT; also a path with a NUL, which has a code of Node's.
    if (code !== undefined) return { problem: `the file cannot be read (${code})` };
    throw error;
  }
}

/** Not `readFileSync`, which would read a device or a large file to its end. */
function readAtMost(path: string, most: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(most);
    let length = 0;
    for (let read = -1; read !== 0 && length < most; length += read) {
      read = readSync(file, bytes, length, most - length, null);
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(file);
  }
}
