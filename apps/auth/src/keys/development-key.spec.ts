import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { developmentKey } from './development-key.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'development-key-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('the key of a development machine', () => {
  it('is made once and then the same for good', () => {
    const first = developmentKey(join(directory, 'not', 'there', 'yet'));
    expect(first).toHaveLength(32);
    expect(developmentKey(join(directory, 'not', 'there', 'yet'))).toEqual(first);
  });

  it('is for its owner alone, and nothing else is left behind', () => {
    developmentKey(directory);
    expect(readdirSync(directory)).toEqual(['key-encryption-key']);
    expect(statSync(join(directory, 'key-encryption-key')).mode & 0o777).toBe(0o600);
  });

  it('differs from machine to machine', () => {
    expect(developmentKey(join(directory, 'a'))).not.toEqual(developmentKey(join(directory, 'b')));
  });

  it('replaces nothing, not even a link that leads nowhere', () => {
    symlinkSync(join(directory, 'nowhere'), join(directory, 'key-encryption-key'));
    expect(() => developmentKey(directory)).toThrow('ENOENT');
    expect(readdirSync(directory)).toEqual(['key-encryption-key']);
  });

  it('stops the start when what is there is no key', () => {
    writeFileSync(join(directory, 'key-encryption-key'), 'short');
    expect(() => developmentKey(directory)).toThrow('does not hold 32 bytes');
  });
});
