import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RevocationList } from '../revocation/revocation-list.js';
import type { Revocation } from '../revocation/revocation.js';
import { REVOKED_TOKENS_MIGRATIONS } from './revoked-tokens.migrations.js';
import { migratedDatabase, type MigratedDatabase } from './migrated-database.fixture.js';
import { PostgresRevocationSource } from './postgres-revocation-source.js';
import { recordRevocations, RevokedToken } from './revoked-tokens.js';

let database: MigratedDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.close());
beforeEach(() => database.dataSource.query('DELETE FROM revoked_tokens'));

const exp = 2_000_000_000;
const token: Revocation = { kind: 'jti', id: 'a', exp };
const client: Revocation = { kind: 'client', id: 'worker', exp, before: exp - 900 };

const rows = (): Promise<Record<string, unknown>[]> =>
  database.dataSource.query(
    'SELECT kind, id, exp::int, before::int, xid::text FROM revoked_tokens ORDER BY kind, id',
  );
const only = async () => (await rows())[0]!;

describe('the table', () => {
  it('goes and comes back with its migration, and leaves nothing behind', async () => {
    const runner = database.dataSource.createQueryRunner();
    const migrations = REVOKED_TOKENS_MIGRATIONS.map((Migration) => new Migration());
    const inventory = () =>
      runner.query(`SELECT relname AS name FROM pg_class WHERE relname ~ '^(revoked_tokens|token_versions)'
        UNION ALL SELECT proname FROM pg_proc WHERE proname LIKE 'revoked_tokens%' ORDER BY name`);
    const before: unknown = await inventory();
    for (const migration of migrations.toReversed()) await migration.down(runner);
    expect(await inventory()).toEqual([]);
    for (const migration of migrations) await migration.up(runner);
    expect(await inventory()).toEqual(before);
    await runner.release();
  });

  it('numbers the revocations of a client, also those of one second and of a release before', async () => {
    const versions = async (): Promise<number[]> => {
      const written = await database.revoke(client, { ...client, id: 'other' });
      return written.map(({ tokenVersion }) => tokenVersion ?? 0);
    };
    const [first, second] = [await versions(), await versions()];
    await database.dataSource.query(
      `UPDATE revoked_tokens SET before = before + 1, token_version = 1 WHERE kind = 'client'`,
    );
    const third = await versions();
    expect(Math.min(...second)).toBeGreaterThan(Math.max(...first));
    expect(Math.min(...third)).toBeGreaterThan(Math.max(...second) + 2);
    expect(await database.revoke(token)).toEqual([token]);
  });

  it('is what the entity says', async () => {
    await database.revoke(token, client);
    const entities = await database.dataSource.manager.find(RevokedToken, { order: { id: 'ASC' } });
    expect(entities).toEqual([
      { ...token, before: null, createdAt: expect.any(Date) as Date },
      { ...client, createdAt: expect.any(Date) as Date },
    ]);
    expect(entities[0]).toBeInstanceOf(RevokedToken);
  });

  it.each<[string, unknown[]]>([
    ['an unknown kind', ['aud', 'a', exp, null]],
    ['an empty id', ['jti', '', exp, null]],
    ['an id of 256 characters', ['jti', 'x'.repeat(256), exp, null]],
    ['an expiry in milliseconds', ['jti', 'a', exp * 1000, null]],
    ['a negative expiry', ['jti', 'a', -1, null]],
    ['half a second', ['jti', 'a', 1.5, null]],
    ['no expiry', ['jti', 'a', null, null]],
    ['a client without a second', ['client', 'a', exp, null]],
    ['a second in milliseconds', ['client', 'a', exp, exp * 1000]],
    ['a token with a second', ['jti', 'a', exp, exp]],
  ])('refuses %s', async (_, values) => {
    const insert = 'INSERT INTO revoked_tokens (kind, id, exp, before) VALUES ($1, $2, $3, $4)';
    await expect(database.dataSource.query(insert, values)).rejects.toThrow();
  });

  it('takes the longest ids', async () => {
    await database.revoke({ ...token, id: '\u{1f511}'.repeat(255) });
    expect(await rows()).toHaveLength(1);
  });
});

describe('the transaction that an entry was published in', () => {
  it('is the one that inserts it, by hand too', async () => {
    await database.dataSource.transaction(async (manager) => {
      await manager.query(`INSERT INTO revoked_tokens (kind, id, exp) VALUES ('jti', 'a', 1)`);
      const same = await manager.query<{ same: boolean }[]>(
        'SELECT xid = pg_current_xact_id() AS same FROM revoked_tokens',
      );
      expect(same).toEqual([{ same: true }]);
    });
  });

  it('cannot be set', async () => {
    const insert = `INSERT INTO revoked_tokens (kind, id, exp, xid) VALUES ('jti', 'a', 1, '5')`;
    await expect(database.dataSource.query(insert)).rejects.toThrow(/xid/);
  });

  it('is generated, so that no dump carries it to another cluster', async () => {
    const generated: unknown = await database.dataSource.query(
      `SELECT column_name FROM information_schema.columns
        WHERE table_name = 'revoked_tokens' AND is_generated = 'ALWAYS'`,
    );
    expect(generated).toEqual([{ column_name: 'xid' }]);
  });

  it.each([
    ['the expiry', 'exp = exp + 1'],
    ['the id', `id = 'b'`],
    ['the kind', `kind = 'sid'`],
  ])('is set again when %s changes', async (_, change) => {
    await database.revoke(token);
    const { xid } = await only();
    await database.dataSource.query(`UPDATE revoked_tokens SET ${change}`);
    expect((await only()).xid).not.toBe(xid);
  });
});

describe('recording', () => {
  it('of nothing sends no query', async () => {
    await recordRevocations({ query: () => expect.unreachable() } as never, []);
  });

  it('of the same entry twice is recording it once', async () => {
    await database.revoke(token, token);
    const once = await rows();
    await database.revoke(token);
    expect(await rows()).toEqual(once);
    expect(once).toHaveLength(1);
  });

  it('keeps the latest of several at once', async () => {
    await database.revoke(token, { ...token, exp: exp + 2 }, { ...token, exp: exp + 1 });
    expect(await only()).toMatchObject({ exp: exp + 2 });
  });

  it.each<[string, Partial<Revocation>, Partial<Revocation>]>([
    ['a later expiry', { exp: exp + 1 }, { exp: exp + 1, before: exp - 900 }],
    ['a later second', { before: exp - 800 }, { exp, before: exp - 800 }],
    ['either', { exp: exp - 1, before: exp - 800 }, { exp, before: exp - 800 }],
  ])('accepts %s, and publishes it again', async (_, later, expected) => {
    await database.revoke(client);
    const { xid } = await only();
    await database.revoke({ ...client, ...later });
    expect(await only()).toMatchObject(expected);
    expect((await only()).xid).not.toBe(xid);
  });

  it('of an earlier expiry changes nothing', async () => {
    await database.revoke(token);
    const before = await rows();
    await database.revoke({ ...token, exp: exp - 1 });
    expect(await rows()).toEqual(before);
  });

  it('of a client twice in one second is published twice, and never lowers a value', async () => {
    await database.revoke(client);
    const { xid, ...before } = await only();
    await database.revoke({ ...client, exp: exp - 1, before: exp - 901 });
    expect(await only()).toMatchObject(before);
    expect((await only()).xid).not.toBe(xid);
  });

  it('belongs to the transaction of the caller', async () => {
    const undone = database.dataSource.transaction(async (manager) => {
      await recordRevocations(manager, [token]);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await rows()).toEqual([]);
  });

  it('takes quotes, NUL-like text and every script as they are', async () => {
    const ids = [`'; DROP TABLE revoked_tokens; --`, '{a,"b"}', '\\', 'NULL', 'ключ', '\u{1f511}'];
    await database.revoke(...ids.map((id) => ({ ...token, id })));
    expect((await rows()).map(({ id }) => id).sort()).toEqual([...ids].sort());
  });

  it('takes any number at once, in one statement, and the feed sends all of them', async () => {
    const many = Array.from({ length: 80_000 }, (_, n): Revocation => ({
      ...token,
      id: `id-${n}`,
    }));
    await database.revoke(...many, { ...client, before: exp - 900 });
    const source = new PostgresRevocationSource({ connection: database.url });
    const list = new RevocationList({ maxStalenessMs: 60_000 });
    let batch = await source.read(undefined, { waitSeconds: 0 });
    for (list.apply(batch, 0); batch.more; list.apply(batch, 0)) {
      batch = await source.read(batch.cursor, { waitSeconds: 0 });
    }
    source.close();
    expect(list.size).toBe(80_001);
  });

  it('does not deadlock with a writer of the same entries in another order', async () => {
    const many = Array.from({ length: 500 }, (_, n): Revocation => ({ ...token, id: `id-${n}` }));
    for (let round = 1; round <= 10; round++) {
      const later = many.map((entry) => ({ ...entry, exp: exp + round }));
      await Promise.all([database.revoke(...later), database.revoke(...later.toReversed())]);
    }
    expect(await rows()).toHaveLength(500);
  });
});

describe('listeners', () => {
  it.each([
    ['a recording', () => database.revoke(token)],
    [
      'an insert by hand',
      () => database.dataSource.query(`INSERT INTO revoked_tokens VALUES ('jti', 'b', ${exp})`),
    ],
    [
      'an update by hand',
      () => database.dataSource.query('UPDATE revoked_tokens SET exp = exp + 1'),
    ],
  ])('are notified of %s when it commits', async (_, write) => {
    const listener = new Client({ connectionString: database.url });
    await listener.connect();
    await listener.query('LISTEN revoked_tokens');
    const notified = new Promise((resolve) => listener.once('notification', resolve));
    await write();
    const outcome = await Promise.race([notified, sleep(5_000, 'nothing')]);
    await listener.end();
    expect(outcome).toMatchObject({ channel: 'revoked_tokens', payload: '' });
  });
});
