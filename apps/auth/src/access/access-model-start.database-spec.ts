import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { freshDatabase, withClient } from '@jwt-auth/dev-stack/vitest';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { AuthApp } from '../testing/auth-app.fixture.js';
import development from './development.json' with { type: 'json' };

interface Resource {
  audience?: string;
  scopes: { name: string }[];
}

const PRODUCTION = { NODE_ENV: 'production', ISSUER: 'https://auth.example.com', AUDIENCE: 'shop' };

let file: string;
beforeAll(() => {
  file = path.join(mkdtempSync(path.join(tmpdir(), 'access-start-')), 'access-model.yaml');
});
afterAll(() => rmSync(path.dirname(file), { recursive: true }));

const running: AuthApp[] = [];
afterEach(() => Promise.all(running.splice(0).map((auth) => auth.close())));

async function start(environment: Record<string, string>): Promise<AuthApp> {
  const auth = await AuthApp.start({ ...PRODUCTION, ...environment });
  running.push(auth);
  return auth;
}

async function modelOf({ dataSource }: AuthApp) {
  const roles = await dataSource.query<{ name: string; scopes: string[] }[]>(
    'SELECT name, scopes FROM roles ORDER BY name',
  );
  const resources = await dataSource.query<{ audience: string; scopes: { name: string }[] }[]>(
    'SELECT audience, scopes FROM resources ORDER BY audience',
  );
  return {
    roles: Object.fromEntries(roles.map(({ name, scopes }) => [name, scopes])),
    resources: Object.fromEntries(
      resources.map(({ audience, scopes }) => [audience, scopes.map(({ name }) => name)]),
    ),
  };
}

const fills = async ({ dataSource }: AuthApp) =>
  (
    await dataSource.query<{ detail: unknown }[]>(
      `SELECT detail FROM audit_events WHERE action = 'access_model.filled'`,
    )
  ).map(({ detail }) => detail);

describe('the first start', () => {
  it('takes the file in once, by however many processes, and later ones change nothing', async () => {
    writeFileSync(
      file,
      'resources: [{ scopes: [a, b] }, { audience: x, scopes: [c] }]\n' +
        'roles: [{ name: clerk, scopes: [a, c], requiresMfa: true }]',
    );
    const DATABASE_URL = await freshDatabase();
    const [one, other] = await Promise.all([
      start({ DATABASE_URL, ACCESS_MODEL: file }),
      start({ DATABASE_URL, ACCESS_MODEL: file }),
    ]);
    const model = {
      roles: { admin: ['admin'], clerk: ['a', 'c'], user: [] },
      resources: { shop: ['a', 'b'], x: ['c'] },
    };
    expect(await modelOf(one)).toEqual(model);
    expect(await one.dataSource.query(`SELECT name FROM roles WHERE requires_mfa`)).toEqual([
      { name: 'clerk' },
    ]);
    expect(await fills(other)).toEqual([{ source: 'ACCESS_MODEL', resources: 2, roles: 3 }]);
    await one.dataSource.query(`DELETE FROM resources; DELETE FROM roles WHERE name = 'clerk'`);
    const again = await start({ DATABASE_URL, ACCESS_MODEL: file });
    expect(await modelOf(again)).toEqual({ roles: { admin: ['admin'], user: [] }, resources: {} });
    expect(again.log.join()).toContain('not taken in again');
  });

  it('in production without a file has only what auth itself needs', async () => {
    const auth = await start({});
    expect(await modelOf(auth)).toEqual({ roles: { admin: ['admin'], user: [] }, resources: {} });
    await auth.register('plain@example.com');
    expect((await auth.login('plain@example.com')).scope).toBe('account');
  });

  it('in development has what the services need, those of orders for AUDIENCE', async () => {
    const auth = await start({ NODE_ENV: 'development' });
    const resources: Record<string, string[]> = {};
    for (const { audience = 'shop', scopes } of development.resources as Resource[]) {
      resources[audience] = scopes.map(({ name }) => name);
    }
    const model = await modelOf(auth);
    expect(model).toEqual({
      roles: Object.fromEntries(development.roles.map(({ name, scopes }) => [name, scopes])),
      resources,
    });
    expect(model.resources['shop']).toEqual(['orders:read', 'orders:write']);
  });
});

describe('a database of the release before', () => {
  it('keeps what its tokens say', async () => {
    const DATABASE_URL = await freshDatabase();
    const schema = new URL('../database/landed/2026-11-24-ea871e8.sql', import.meta.url);
    const client = (name: string, scopes: string, audiences: string, deletedAt = 'NULL') =>
      `(gen_random_uuid(), '${name}', '{client_credentials}', '${scopes}', '${audiences}', '{}',
        now(), ${deletedAt})`;
    await withClient(DATABASE_URL, async (database) => {
      await database.query(readFileSync(schema, 'utf8'));
      await database.query(`
        INSERT INTO clients (id, name, grants, scopes, audiences, claims, created_at, deleted_at)
        VALUES ${[
          client('usual', '{orders:read,reports:read,admin}', '{}'),
          client('mail', '{mail:send}', '{mail,shop}'),
          client('none', '{}', '{files}'),
          client('gone', '{gone}', '{gone}', 'now()'),
        ].join(', ')}`);
    });
    const [auth] = await Promise.all([start({ DATABASE_URL }), start({ DATABASE_URL })]);
    expect(await modelOf(auth)).toEqual({
      roles: { admin: ['admin'], user: ['orders:read', 'orders:write'] },
      resources: {
        shop: ['mail:send', 'orders:read', 'orders:write', 'reports:read'],
        mail: ['mail:send'],
        files: [],
      },
    });
    expect(await fills(auth)).toEqual([]);
    await auth.register('before@example.com');
    expect((await auth.login('before@example.com')).scope).toBe('orders:read orders:write account');
  });
});
