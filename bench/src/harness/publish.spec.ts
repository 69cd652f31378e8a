import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Benchmark, Findings } from './benchmark.js';
import { circumstances } from './machine.js';
import { publish } from './publish.js';

const findings = (isMet: boolean): Findings => ({
  columns: [{ title: 'µs', digits: 0 }],
  rows: [{ name: 'a', values: [1] }],
  aims: [{ text: 'at most 1 µs', measured: '1 µs', isMet }],
});
const unexplained: Benchmark = {
  name: 'hash',
  question: 'How long?',
  method: 'By the clock.',
  packages: [],
  run: () => Promise.reject(new Error('It is not run')),
};
const benchmark = { ...unexplained, whyMissed: 'It is far.' };
const why = /\n\n\*\*Why an aim is missed\.\*\* It is far\.\n/;

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'bench-'))));
afterEach(() => rmSync(directory, { recursive: true }));

function pageAfter(run: Benchmark, isMet: boolean): string {
  publish(
    { page: join(directory, 'README.md'), results: join(directory, 'results') },
    run,
    circumstances([]),
    findings(isMet),
  );
  return readFileSync(join(directory, 'README.md'), 'utf8');
}

it('says why an aim is missed below the run that misses it', () => {
  expect(pageAfter(benchmark, false)).toMatch(why);
});

it('still says so after another benchmark is published', () => {
  pageAfter(benchmark, false);
  expect(pageAfter({ ...benchmark, name: 'other', whyMissed: 'Other' }, true)).toMatch(why);
});

it('leaves it out if all aims are met, or there is no reason', () => {
  expect(pageAfter(benchmark, true)).not.toContain('Why an aim');
  expect(pageAfter(unexplained, false)).not.toContain('Why an aim');
});
