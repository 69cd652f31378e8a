import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { parseSettings, SettingsError } from './parse-settings.js';
import { port, text } from './setting.js';

const directory = mkdtempSync(join(tmpdir(), 'setting-files-'));
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;
function fileWith(content: string | Buffer): string {
  const path = join(directory, `x${(files += 1)}x`);
  writeFileSync(path, content);
  return path;
}

const schema = z.object({ SECRET: text(), PORT: port().default(1), OTHER: text().optional() });

function problemsOf(environment: Record<string, string>) {
  try {
    parseSettings(schema, environment);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe('a setting that is given as a file', () => {
  it.each([
    ['as it is', 'swordfish'],
    ['with the newline of an editor', 'swordfish\n'],
    ['with the newline of Windows', 'swordfish\r\n'],
    ['with a byte order mark', '\u{feff}swordfish'],
  ])('has the value of the file, %s', (_name, content) => {
    expect(parseSettings(schema, { SECRET_FILE: fileWith(content) }).SECRET).toBe('swordfish');
  });

  it('is read by the rules of the setting', () => {
    expect(parseSettings(schema, { SECRET: 's', PORT_FILE: fileWith('3000') }).PORT).toBe(3000);
    expect(problemsOf({ SECRET: 's', PORT_FILE: fileWith('99999') })).toEqual([
      { variable: 'PORT', message: 'expected a whole number from 0 to 65535' },
    ]);
    expect(problemsOf({ SECRET_FILE: fileWith('a\0b') })).toHaveLength(1);
  });

  it('is one that is not set if the path is empty', () => {
    expect(problemsOf({ SECRET_FILE: ' ' })).toMatchObject([{ variable: 'SECRET' }]);
    expect(problemsOf({ SECRET: 's', SECRET_FILE: '' })).toEqual([]);
  });

  it('is ignored if the schema has no such setting', () => {
    expect(problemsOf({ SECRET: 's', NOTHING_FILE: '/nowhere' })).toEqual([]);
  });

  it.each([
    ['that is missing', () => join(directory, 'nowhere'), 'the file cannot be read (ENOENT)'],
    ['that is a directory', () => directory, 'the file cannot be read (EISDIR)'],
    ['with a NUL in its path', () => 'a\0b', 'the file cannot be read (ERR_INVALID_ARG_VALUE)'],
    ['that is empty', () => fileWith(''), 'the file is empty'],
    ['with nothing but newlines', () => fileWith('\n\n'), 'the file is empty'],
    ['that is huge', () => fileWith('x'.repeat(65_537)), 'the file has more than 64 KiB'],
    ['that never ends', () => '/dev/zero', 'the file has more than 64 KiB'],
    ['that is no text', () => fileWith(Buffer.from([0xff, 0xfe])), 'the file is not text'],
  ])('is refused for a file %s, and only once', (_name, path, message) => {
    expect(problemsOf({ SECRET_FILE: path() })).toEqual([{ variable: 'SECRET_FILE', message }]);
  });

  it('is refused beside its value, and with all other problems', () => {
    const problems = problemsOf({
      SECRET: 's',
      SECRET_FILE: fileWith('t'),
      PORT: 'x',
      OTHER_FILE: '/x0x',
    });
    expect(problems).toEqual([
      { variable: 'SECRET_FILE', message: 'is set, and so is SECRET: set only one of them' },
      { variable: 'OTHER_FILE', message: 'the file cannot be read (ENOENT)' },
      { variable: 'PORT', message: 'expected a whole number from 0 to 65535' },
    ]);
  });

  it('is not shown when it is refused, nor is its path', () => {
    const environment = { SECRET_FILE: 'x0x', PORT_FILE: fileWith('x0x'), OTHER_FILE: directory };
    const text = JSON.stringify(problemsOf(environment));
    expect(text).not.toMatch(/x\d+x/);
    expect(text).not.toContain(directory);
  });
});
