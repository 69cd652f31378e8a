import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { platform } from 'node:os';
import { describe, expect, it } from 'vitest';
import { cpuSeconds, familyCpuSeconds, residentMegabytes } from './process-usage.js';

/** Works for so long, by its own processor time. */
const busy = (ms: number) =>
  `const end = process.cpuUsage().user + ${ms * 1000}; while (process.cpuUsage().user < end);`;

describe.runIf(platform() === 'linux')('where there is a /proc', () => {
  it('reads what a process has used, in the unit that it says', () => {
    const { user, system } = process.cpuUsage();
    const before = (user + system) / 1e6;
    expect(cpuSeconds(process.pid)).toBeGreaterThan(before - 0.1);
    expect(residentMegabytes(process.pid)).toBeGreaterThan(20);
    expect(residentMegabytes(process.pid)).toBeLessThan(4_000);
  });

  it('counts children among the family, the ended ones too', async () => {
    const before = familyCpuSeconds(process.pid)!;
    const ownBefore = cpuSeconds(process.pid)!;
    await once(spawn(process.execPath, ['-e', busy(150)]), 'exit');
    const own = cpuSeconds(process.pid)! - ownBefore;
    expect(familyCpuSeconds(process.pid)! - before - own).toBeGreaterThan(0.1);
  });
});

it('returns undefined for a process that does not exist', () => {
  const noProcess = 2 ** 22 + 1;
  expect(cpuSeconds(noProcess)).toBeUndefined();
  expect(familyCpuSeconds(noProcess)).toBeUndefined();
  expect(residentMegabytes(noProcess)).toBeUndefined();
});
