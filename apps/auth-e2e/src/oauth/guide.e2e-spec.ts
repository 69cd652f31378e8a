import { freePort } from '@jwt-auth/dev-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { within, Stack } from '../stack.js';
import { masked, printedBy, samplesOf } from './guide.js';

const samples = samplesOf('docs/clients.md');
let stack: Stack;
let addresses: Record<string, string>;

beforeAll(async () => {
  stack = await Stack.start({ withOrders: true, mayIntrospect: true });
  const port = await freePort();
  addresses = {
    'http://localhost:3000': stack.auth(),
    'http://localhost:3001': stack.orders,
    'PORT=3002': `PORT=${port}`,
    'localhost:3002': `127.0.0.1:${port}`,
  };
});
afterAll(() => stack?.stop());

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
    // orders may hear of the logout a moment after the next line asks it.
    const walked = async () => masked((await printedBy([walk!], addresses))[0]!);
    await expect.poll(walked, within(30)).toBe(masked(walk!.output));
  });
});
