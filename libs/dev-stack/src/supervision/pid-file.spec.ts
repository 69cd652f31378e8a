import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeIfStill, writeOnce } from './pid-file.js';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'dev-stack-spec-'));
});
afterEach(() => rmSync(scratch, { recursive: true }));

describe('writeOnce', () => {
  it('keeps the content of whichever call was first', () => {
    const file = join(scratch, 'secret');
    expect([writeOnce(file, 'first'), writeOnce(file, 'second')]).toEqual([true, false]);
    expect(readFileSync(file, 'utf8')).toBe('first');
    expect(readdirSync(scratch)).toEqual(['secret']);
  });
});

describe('removeIfStill', () => {
  it.each([
    ['removes what has not changed', 'old', []],
    ['keeps what another process has written since', 'new', ['pid']],
  ])('%s', (_, content, left) => {
    writeFileSync(join(scratch, 'pid'), content);
    removeIfStill(join(scratch, 'pid'), 'old');
    expect(readdirSync(scratch)).toEqual(left);
  });
});
