import { DEMO, fillDemo, freePort } from '@jwt-auth/dev-stack';
import { startApps, type RunningApps } from '@jwt-auth/dev-stack/vitest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { read } from './files.js';
import { masked, printedBy, samplesOf } from './guide.js';

const reference = read('docs/operations.md');
const guide = samplesOf('docs/clients.md');
const rules = /^```yaml\n(groups:[^]*?)^```$/m.exec(read('docs/runbook.md'))?.[1] ?? '';

let apps: RunningApps;
/** Addresses in the guides, and what they are here. */
let addresses: Record<string, string>;
/** What both apps expose: the families with their types, and the samples with their labels. */
const families = new Set<string>();
const samples = new Set<string>();

beforeAll(async () => {
  const [authPort, ordersPort] = [await freePort(), await freePort()];
  apps = await startApps({
    auth: { AUTH_METRICS_PORT: String(authPort) },
    orders: { ORDERS_METRICS_PORT: String(ordersPort) },
  });
  const port = await freePort();
  addresses = {
    'http://localhost:3000': apps.auth,
    'http://localhost:3001': apps.orders,
    'PORT=3002': `PORT=${port}`,
    'localhost:3002': `127.0.0.1:${port}`,
  };
  // Before anything is asked of them: alert rules need some samples from the start.
  for (const metricsPort of [authPort, ordersPort]) {
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    for (const [, family = ''] of text.matchAll(/^# TYPE (\S+) /gm)) families.add(family);
    for (const [, sample = ''] of text.matchAll(/^([^#].*) \S+$/gm)) samples.add(sample);
  }
});
afterAll(() => apps?.stop());

// First, as a new installation does it.
describe('npm start', () => {
  it('gives the console sessions, orders and a client to show, once', async () => {
    await fillDemo({ ...apps, password: DEMO.password });
    const tokenOf = async (body: typeof DEMO.ada) => {
      return (await ask<{ access_token: string }>(`${apps.auth}/auth/login`, { body }))
        .access_token;
    };
    const [token, admin] = [await tokenOf(DEMO.ada), await tokenOf(DEMO.admin)];
    const shown = async () => ({
      devices: (await ask<Listed[]>(`${apps.auth}/auth/sessions`, { token })).map(
        ({ userAgent }) => /Firefox|iPhone/.exec(userAgent ?? '')?.[0],
      ),
      orders: (await ask<{ items: [] }>(`${apps.orders}/orders`, { token })).items.length,
      clients: (await ask<Listed[]>(`${apps.auth}/admin/clients`, { token: admin })).map(
        ({ name }) => name,
      ),
    });
    const first = await shown();
    expect(first).toEqual({
      devices: expect.arrayContaining(['Firefox', 'iPhone']) as string[],
      orders: 3,
      clients: expect.arrayContaining(['Warehouse']) as string[],
    });
    await fillDemo({ ...apps, password: DEMO.password });
    expect(await shown()).toEqual(first);
  });
});

describe('docs/runbook.md', () => {
  it('has alert rules', () => {
    expect(metricsIn(rules).length).toBeGreaterThan(10);
    expect(samplesIn(rules).length).toBeGreaterThan(3);
  });

  it.each(metricsIn(rules))('has rules on %s, which is exposed', (metric) => {
    const [, family = metric] = /^(.+)_(?:bucket|count|sum)$/.exec(metric) ?? [];
    expect(families.has(metric) || families.has(family)).toBe(true);
  });

  it.each(samplesIn(rules))('has rules on %s, which is exposed from the start', (sample) => {
    expect(samples).toContain(sample);
  });
});

describe('docs/operations.md', () => {
  it('names each metric of the apps, and no other', () => {
    const own = [...families].filter((name) => !/^(process|nodejs)_/.test(name));
    const [metrics = ''] = /^## Metrics\n[^]+?(?=^## )/m.exec(reference) ?? [];
    const named = [...metrics.matchAll(/^\|(?<names>[^|]+)\|/gm)].flatMap(({ groups }) =>
      [...groups!['names']!.matchAll(/`([a-z]+(?:_[a-z]+)+)(?:\{[\w,]+\})?`/g)].map(
        ([, name]) => name,
      ),
    );
    expect(new Set(named)).toEqual(new Set(own));
  });
});

describe('docs/clients.md', () => {
  let printed: string[];
  beforeAll(async () => {
    printed = await printedBy(guide, addresses);
  });

  const calls = guide.flatMap(({ heading, language, output }, index) =>
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

interface Listed {
  readonly name?: string;
  readonly userAgent?: string | null;
}

/** Sends one request, and returns the body of the answer. */
async function ask<Body>(
  url: string,
  { token, body }: { readonly token?: string; readonly body?: object },
): Promise<Body> {
  const response = await fetch(url, {
    method: body ? 'POST' : 'GET',
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return (await response.json()) as Body;
}

/** The metrics in the expressions of alert rules: names with an underscore that are no functions. */
function metricsIn(expressions: string): string[] {
  const bare = expressions.replaceAll(/"[^"]*"/g, '');
  return [...new Set(bare.match(/\b[a-z]+(?:_[a-z0-9]+)+\b(?!\s*\()/g))];
}

/** Samples that are picked by the value of their one label, or by one of several. */
function samplesIn(expressions: string): string[] {
  const picked = expressions.matchAll(/\b(\w+_\w+)\{(\w+)=~?"([a-z_|]+)"\}/g);
  return [...picked].flatMap(([, metric, label, values]) =>
    values!.split('|').map((value) => `${metric}{${label}="${value}"}`),
  );
}
