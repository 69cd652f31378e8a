import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { claimDirectory, removeIfStill, writeOnce } from './pid-file.js';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'dev-stack-spec-'));
});
afterEach(() => rmSync(scratch, { recursive: true }));

const other = { pid: 0, end: () => undefined as void };
beforeAll(() => {
  const sleeping = spawn('/bin/sleep', ['600']);
  other.pid = sleeping.pid ?? 0;
  other.end = () => void sleeping.kill();
});
afterAll(() => other.end());

const claimedBy = (directory: string) => readFileSync(join(directory, 'claimed-by'), 'utf8');
const leave = (owner: string) => {
  claimDirectory(join(scratch, 'logs'));
  writeFileSync(join(scratch, 'logs/claimed-by'), owner);
};

describe('claimDirectory', () => {
  it('makes the directory and claims it for this process', () => {
    expect(claimDirectory(join(scratch, 'a/logs'))).toBe(join(scratch, 'a/logs'));
    expect(claimedBy(join(scratch, 'a/logs'))).toBe(`${process.pid}`);
  });

  it('passes over a directory of another live process', () => {
    leave(`${other.pid}`);
    expect(claimDirectory(join(scratch, 'logs'))).toBe(join(scratch, 'logs-2'));
    expect(claimedBy(join(scratch, 'logs'))).toBe(`${other.pid}`);
  });

  it.each([
    ['of a process that has ended', '4194304'],
    ['of an earlier process with our number', `${process.pid}`],
    ['that a power cut emptied', ''],
  ])('takes over a claim %s', (_, owner) => {
    leave(owner);
    expect(claimDirectory(join(scratch, 'logs'))).toBe(join(scratch, 'logs'));
    expect(claimedBy(join(scratch, 'logs'))).toBe(`${process.pid}`);
    expect(readdirSync(join(scratch, 'logs'))).toEqual(['claimed-by']);
  });
});

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
