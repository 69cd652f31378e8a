import { readdirSync, readFileSync } from 'node:fs';
import { openDatabase } from '@jwt-auth/chassis';
import { freshDatabase, schemaOf, withClient } from '@jwt-auth/dev-stack/vitest';
import { beforeAll, describe, expect, it } from 'vitest';

import { AuthApp } from '../testing/auth-app.fixture.js';
import { authDatabase } from './auth-database.js';

/** A script for each schema that a database may have: see docs/releases.md. */
const folder = new URL('landed/', import.meta.url);
const landed = readdirSync(folder).filter((file) => file.endsWith('.sql'));

const stateOf = (commit: string) => landed.find((name) => name.includes(commit))!;

let fresh: string[];

beforeAll(async () => {
  fresh = await schemaOf(await migrated(await freshDatabase()));
});

describe('a database of an earlier state', () => {
  it('is kept for each state in which migrations differed', () => {
    expect(landed.length).toBeGreaterThanOrEqual(7);
  });

  it.each(landed)('has the schema of a fresh one after an upgrade from %s', async (state) => {
    const url = await databaseAt(state);
    expect(await schemaOf(await migrated(url))).toEqual(fresh);
  });
});

describe('a database of the first landed state', () => {
  it('rotates its keys after the upgrade, and drops the private keys of retired ones', async () => {
    const url = await databaseAt(stateOf('dd3a828'));
    await run(
      url,
      `INSERT INTO signing_keys (kid, state, public_key, private_key, created_at, retired_at)
       VALUES ('first', 'retired', '{}', '\\x00', now() - interval '1 year', now() - interval '1 year')`,
    );
    const app = await AuthApp.start({ DATABASE_URL: url, SEED_DEMO: 'on' });
    try {
      const { access_token: token } = await app.login('admin@example.com');
      app.clock.advance(2_000);
      expect((await app.call('POST', '/admin/keys/rotate', { token })).status).toBeLessThan(300);
      const kept = await run(
        url,
        `SELECT state, private_key IS NOT NULL AS "hasPrivateKey" FROM signing_keys
         WHERE kid <> 'first' ORDER BY state`,
      );
      expect(kept).toEqual([
        { state: 'active', hasPrivateKey: true },
        { state: 'next', hasPrivateKey: true },
        { state: 'retired', hasPrivateKey: false },
      ]);
      expect(
        await run(url, `SELECT FROM signing_keys WHERE kid = 'first' AND private_key IS NOT NULL`),
      ).toEqual([]);
    } finally {
      await app.close();
    }
  });
});

describe('a client, in processes of a release that knows clients.disabled_at', () => {
  const insert = (name: string, disabledAt: string) => `
    INSERT INTO clients (id, name, grants, scopes, created_at, disabled_at)
    VALUES (gen_random_uuid(), '${name}', '{}', '{}', now(), ${disabledAt})`;

  it('is deleted for both releases, whichever of them deletes it', async () => {
    const url = await databaseAt(stateOf('920c15f'));
    await run(url, insert('deleted before', 'now()'));
    await run(url, insert('kept', 'NULL'));
    await migrated(url);
    await run(url, insert('deleted by the old', 'NULL'));
    await run(url, insert('deleted by the new', 'NULL'));
    await run(url, insert('renamed by the new', 'now()'));
    await run(url, `UPDATE clients SET disabled_at = now() WHERE name = 'deleted by the old'`);
    await run(url, `UPDATE clients SET deleted_at = now() WHERE name = 'deleted by the new'`);
    await run(url, `UPDATE clients SET name = 'renamed' WHERE name = 'renamed by the new'`);
    const rows = await run(
      url,
      `SELECT name, disabled_at IS NOT NULL AS "old", deleted_at IS NOT NULL AS "new"
       FROM clients ORDER BY name`,
    );
    expect(rows).toEqual([
      { name: 'deleted before', old: true, new: true },
      { name: 'deleted by the new', old: true, new: true },
      { name: 'deleted by the old', old: true, new: true },
      { name: 'kept', old: false, new: false },
      { name: 'renamed', old: true, new: true },
    ]);
  });
});

describe('an account whose e-mail was never verified', () => {
  it('waits no longer if somebody has used it', async () => {
    const url = await databaseAt('0.1.0.sql');
    for (const [name, used] of [
      ['unused', 'SELECT'],
      ['network', `INSERT INTO known_networks VALUES (:id, '192.0.2.1', now())`],
      [
        'session',
        `INSERT INTO sessions (id, user_id, address, created_at, last_used_at, expires_at)
         VALUES (gen_random_uuid(), :id, '192.0.2.1', now(), now(), now())`,
      ],
      [
        'event',
        `INSERT INTO audit_events (at, action, actor, detail)
         VALUES (now(), 'session.started', :id::text, '{}')`,
      ],
    ] as const) {
      await run(
        url,
        `INSERT INTO users (id, email, email_key, password_hash, password_changed_at, roles,
           is_disabled, claims, created_at, registration)
         VALUES (gen_random_uuid(), '${name}', '${name}', '', now(), '{user}', false, '{}', now(), 'pending')`,
      );
      await run(url, used.replace(':id', `(SELECT id FROM users WHERE email = '${name}')`));
    }
    await migrated(url);
    const rows = await run(url, `SELECT email FROM users WHERE registration = 'pending'`);
    expect(rows).toEqual([{ email: 'unused' }]);
  });
});

async function databaseAt(state: string): Promise<string> {
  const url = await freshDatabase();
  await run(url, readFileSync(new URL(state, folder), 'utf8'));
  return url;
}

async function migrated(url: string): Promise<string> {
  await (await openDatabase(authDatabase(url))).destroy();
  return url;
}

async function run(url: string, sql: string): Promise<object[]> {
  return (await withClient(url, (client) => client.query<object>(sql))).rows;
}
