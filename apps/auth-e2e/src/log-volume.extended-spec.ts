import {
  authSettings,
  call,
  outcome,
  createTcpProxy,
  startApp,
  type RunningApp,
  type TcpProxy,
} from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newSession, tryLogin } from './users.js';
import { queryAt, within } from './stack.js';

interface Line {
  readonly level: string;
  readonly msg?: string;
  readonly context?: string;
  readonly suppressed?: number;
  readonly 'error.type'?: string;
}

const REQUESTS = 120;

let databases: string[];
let proxies: TcpProxy[];
let auth: RunningApp;
let orders: RunningApp;

async function behindProxy(): Promise<string> {
  const database = await freshDatabase();
  databases.push(database);
  const address = new URL(database);
  const proxy = await createTcpProxy(Number(address.port));
  proxies.push(proxy);
  address.host = `127.0.0.1:${proxy.port}`;
  return address.href;
}

beforeAll(async () => {
  databases = [];
  proxies = [];
  auth = await startApp('auth', {
    env: authSettings({ DATABASE_URL: await behindProxy() }),
  });
  const ISSUER = auth.url.replace('127.0.0.1', 'localhost');
  orders = await startApp('orders', { env: { ORDERS_DATABASE_URL: await behindProxy(), ISSUER } });
});
afterAll(async () => {
  await Promise.all([auth?.stop(), orders?.stop()]);
  for (const proxy of proxies) await proxy.close();
});

/** The lines of problems that an app has logged from an offset in its log. */
function problemLines(app: RunningApp, from: number): Line[] {
  return app
    .log()
    .slice(from)
    .split('\n')
    .flatMap((text) => {
      const start = text.indexOf('{');
      return start < 0 ? [] : [JSON.parse(text.slice(start)) as Line];
    })
    .filter(({ level }) => level === 'error' || level === 'warn');
}

/** Ends all connections, and opens the databases to new ones or closes them. */
async function allowConnections(isAllowed: boolean): Promise<void> {
  for (const url of databases) {
    const name = new URL(url).pathname.slice(1);
    const server = new URL('/postgres', url).href;
    await queryAt(server, `ALTER DATABASE "${name}" ALLOW_CONNECTIONS ${isAllowed}`);
    const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`;
    await queryAt(server, end);
  }
}

const outages = {
  'out of reach': {
    begin: () => proxies.forEach((proxy) => proxy.cut()),
    end: () => proxies.forEach((proxy) => proxy.resume()),
  },
  'closed to connections': {
    begin: () => allowConnections(false),
    end: () => allowConnections(true),
  },
};

describe.each(Object.entries(outages))('while the database is %s', (_how, outage) => {
  it('each app logs a failure at most once a second, without a stack', async () => {
    const { access_token: token, email } = await newSession(auth.url);
    const offsets = new Map([auth, orders].map((app) => [app, app.log().length]));
    await outage.begin();

    const startedAt = performance.now();
    for (let sent = 0; sent < REQUESTS; sent += 10) {
      const answers = await Promise.all(
        Array.from({ length: 5 }).flatMap(() => [
          tryLogin(auth.url, email),
          call(`${orders.url}/orders`, { token }),
        ]),
      );
      expect(new Set(answers.map(outcome))).toEqual(new Set(['database_unavailable']));
      await sleep(100);
    }
    const seconds = (performance.now() - startedAt) / 1_000;

    for (const app of [auth, orders]) {
      const lines = problemLines(app, offsets.get(app) ?? 0);
      const kinds = new Map<string, number>();
      for (const { context, msg, 'error.type': type } of lines) {
        const kind = `${context} ${msg} ${type}`;
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      }
      for (const [kind, count] of kinds) {
        expect(count, kind).toBeLessThanOrEqual(Math.ceil(seconds) + 1);
      }
      expect(kinds.size).toBeGreaterThan(0);
      expect(kinds.size).toBeLessThan(8);
      expect(lines.some(({ suppressed = 0 }) => suppressed > 1)).toBe(true);
      expect(JSON.stringify(lines)).not.toMatch(/stack|\bat .*\.js:\d/);
    }

    await outage.end();
    const login = () => tryLogin(auth.url, email).then(outcome);
    await expect.poll(login, within(10)).toBe('ok');
  });
});
