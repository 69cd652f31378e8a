import { expect, it } from 'vitest';
import type { Drill } from './drill.js';
import { runDrills } from './run-drills.js';

const drill = (name: string, run: Drill['run']): Drill => ({ name, about: 'A fault.', run });
const kept = drill('kept', async (report) => report.promise('It holds', true));
const broken = drill('broken', async (report) => report.promise('It holds', false));
const skipped = drill('skipped', async (report) => report.skip('This machine has no disk.'));

it.each([
  ['whose promises are kept', [kept], true, true],
  ['of which one broke a promise', [broken, kept], false, false],
  ['of which one was skipped', [skipped, kept], false, true],
  ['of which one was skipped, although all must run', [skipped, kept], true, false],
])('reports drills %s', async (_, drills, mustAllRun, hasSucceeded) => {
  const lines: string[] = [];
  const print = (line: string) => lines.push(line);
  expect(await runDrills(drills, { mustAllRun, print })).toBe(hasSucceeded);
  expect(lines.join('\n').includes('SKIPPED: skipped')).toBe(drills.includes(skipped));
});
