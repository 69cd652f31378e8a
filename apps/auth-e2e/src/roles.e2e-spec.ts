import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  authSettings,
  call,
  outcome,
  freePort,
  ROOT,
  startApp,
  type RunningApp,
} from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Administrator } from './administrator.js';
import { queryAt } from './stack.js';
import { decode, newSession, refresh, tryLogin } from './users.js';

type Environment = Record<string, string>;

const suffix = randomBytes(4).toString('hex');
const role = (name: string) => `${name}_${suffix}`;

let server: string;
let auth: RunningApp;
let orders: RunningApp;

/** The address of a database, as a role. */
function as(name: string, database: string): string {
  const url = new URL(server);
  [url.username, url.password, url.pathname] = [role(name), 'secret', `/${role(database)}`];
  return url.href;
}

/** `node apps/<app>/dist/main.js …` */
function run(app: string, args: string[], env: Environment) {
  return new Promise<{ code: unknown; printed: string }>((resolve) => {
    execFile(
      process.execPath,
      [join(ROOT, `apps/${app}/dist/main.js`), ...args],
      { env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...env } },
      (error, stdout, stderr) =>
        resolve({ code: error ? error.code : 0, printed: stdout + stderr }),
    );
  });
}

/** What docs/operations.md says of Postgres 14. Later ones have it so. */
const closedSchema = (owner: string) => `DO $$ BEGIN
  IF current_setting('server_version_num')::int < 150000 THEN
    ALTER SCHEMA public OWNER TO ${owner};
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
  END IF; END $$`;

beforeAll(async () => {
  server = await freshDatabase();
  for (const name of ['auth_owner', 'auth_app', 'orders_owner', 'orders_app']) {
    await queryAt(server, `CREATE ROLE ${role(name)} LOGIN PASSWORD 'secret'`);
  }
  for (const name of ['auth', 'orders']) {
    await queryAt(server, `CREATE DATABASE ${role(name)} OWNER ${role(`${name}_owner`)}`);
    const here = new URL(server);
    here.pathname = `/${role(name)}`;
    await queryAt(here.href, closedSchema(role(`${name}_owner`)));
  }
  // auth waits for the migrations of another process.
  const port = await freePort();
  const starting = startApp('auth', {
    port,
    env: {
      ...authSettings({ DATABASE_URL: as('auth_app', 'auth') }),
      MIGRATE: 'off',
    },
  });
  const readiness = async () => (await fetch(`http://127.0.0.1:${port}/health/ready`)).text();
  await vi.waitFor(async () => expect(await readiness()).toContain('lacks migrations'), 60_000);
  const migrated = await Promise.all([
    run('auth', ['migrate'], {
      DATABASE_URL: as('auth_owner', 'auth'),
      DATABASE_APP_ROLE: role('auth_app'),
      AUDIT_RETENTION: '400d',
      // For the command it does not count.
      MIGRATE: 'off',
    }),
    run('orders', ['migrate'], {
      ORDERS_DATABASE_URL: as('orders_owner', 'orders'),
      ORDERS_DATABASE_APP_ROLE: role('orders_app'),
    }),
  ]);
  for (const { code, printed } of migrated) expect([code, printed]).toEqual([0, expect.anything()]);
  auth = await starting;
  orders = await startApp('orders', {
    env: {
      ORDERS_DATABASE_URL: as('orders_app', 'orders'),
      MIGRATE: 'off',
      ISSUER: auth.url.replace('127.0.0.1', 'localhost'),
    },
  });
}, 120_000);
afterAll(async () => {
  await auth?.stop();
  await orders?.stop();
});

describe('apps whose roles own nothing', () => {
  it('serve: users, sessions, orders, revocations, administration', async () => {
    const user = await newSession(auth.url);
    const { body: refreshed } = await refresh(auth.url, user.refresh_token);
    const token = refreshed.access_token;
    const order = await call(`${orders.url}/orders`, {
      token,
      body: { currency: 'EUR', items: [{ sku: 'tea', quantity: 1, unitPrice: 450 }] },
    });
    expect(order.status).toBe(201);
    const admin = await Administrator.login(auth.url);
    const id = String(decode(token).payload['sub']);
    expect((await admin.changeUser(auth.url, id, { roles: ['user', 'admin'] })).status).toBe(200);
    expect((await admin.call(auth.url, 'keys/rotate', { method: 'POST' })).status).toBeLessThan(
      300,
    );
    const gone = await admin.call(auth.url, `users/${id}`, { method: 'DELETE' });
    expect(gone.status).toBe(204);
    const verdict = async () => outcome(await call(`${orders.url}/orders`, { token }));
    await expect.poll(verdict).toBe('token_revoked');
    expect((await tryLogin(auth.url, user.email)).status).toBe(401);
    // The role may not change events. The database did, as their owner.
    const events = await queryAt(
      as('auth_app', 'auth'),
      `SELECT DISTINCT address, request_id FROM audit_events WHERE actor = '${id}'`,
    );
    expect(events).toEqual([{ address: null, request_id: null }]);
  });

  it.each([
    `UPDATE audit_events SET actor = 'someone else'`,
    'UPDATE audit_events SET address = NULL, request_id = NULL',
    'DELETE FROM audit_events',
    'TRUNCATE audit_events',
    'ALTER TABLE audit_events DISABLE TRIGGER ALL',
    'DROP TRIGGER audit_events_kept ON audit_events',
    'ALTER TABLE users DISABLE TRIGGER users_forgotten',
    'SELECT forget_removed_user()',
    `UPDATE audit_retention SET keep = '0'`,
    `CREATE OR REPLACE FUNCTION refuse_early_removal() RETURNS trigger LANGUAGE plpgsql
     AS 'BEGIN RETURN OLD; END'`,
    'DROP TABLE users',
    'CREATE TABLE more ()',
    `DELETE FROM migrations`,
  ])('cannot do this to the database of auth: %s', async (statement) => {
    const before = await queryAt(as('auth_owner', 'auth'), 'SELECT * FROM audit_events');
    expect(before.length).toBeGreaterThan(0);
    await expect(queryAt(as('auth_app', 'auth'), statement)).rejects.toThrow(
      /permission denied|must be owner|append-only/,
    );
    const after = await queryAt(as('auth_owner', 'auth'), 'SELECT * FROM audit_events');
    expect(after).toEqual(before);
  });

  it.each([
    ['orders_app', 'auth'],
    ['orders_owner', 'auth'],
    ['auth_app', 'orders'],
  ])('have no other database: %s is refused at that of %s', async (name, database) => {
    await expect(queryAt(as(name, database), 'SELECT')).rejects.toThrow(
      'permission denied for database',
    );
  });
});

it('an app says which version of the database it finds', () => {
  expect(auth.log()).toMatch(/The database has no migrations|lacks \d+ of this release/);
  expect(auth.log()).toMatch(/The database is at \w+\d{13}"/);
});

it.each([
  ['an unknown command', ['migrations'], {}, 2, 'Usage'],
  ['no address', ['migrate'], {}, 1, 'DATABASE_URL'],
  [
    'an audit log that would not last a day',
    ['migrate'],
    { DATABASE_URL: 'postgres://x@127.0.0.1:1/x', AUDIT_RETENTION: '400s' },
    1,
    'AUDIT_RETENTION',
  ],
])('the command is refused with %s', async (_name, args, env, code, reason) => {
  expect(await run('auth', args, env)).toEqual({
    code,
    printed: expect.stringContaining(reason) as string,
  });
});
