import { freePort } from '@jwt-auth/dev-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { masked, printedBy, samplesOf } from './guide.js';
import { startApps, type RunningApps } from './running-apps.js';

const samples = samplesOf('docs/clients.md');
let apps: RunningApps;
let addresses: Record<string, string>;

beforeAll(async () => {
  apps = await startApps();
  const port = await freePort();
  addresses = {
    'http://localhost:3000': apps.auth,
    'http://localhost:3001': apps.orders,
    'PORT=3002': `PORT=${port}`,
    'localhost:3002': `127.0.0.1:${port}`,
  };
});
afterAll(() => apps?.stop());

describe('docs/clients.md', () => {
  let printed: string[];
  beforeAll(async () => {
    printed = await printedBy(samples, addresses);
  });

  const calls = samples.flatMap(({ heading, language, output }, index) =>
    language === 'sh' ? [{ heading, number: index + 1, output }] : [],
  );
  it.each(calls)('prints what it says under $heading, sample $number', ({ number, output }) => {
    expect(masked(printed[number - 1]!)).toBe(masked(output));
  });
});

describe('README.md', () => {
  it('prints what it says in two minutes', async () => {
    const [walk] = samplesOf('README.md').filter(({ heading }) =>
      heading.startsWith('Two minutes'),
    );
    // The logout may reach orders a moment after the next line of the walk.
    const walked = async () => masked((await printedBy([walk!], addresses))[0]!);
    await expect.poll(walked, { timeout: 30_000 }).toBe(masked(walk!.output));
  });
});
