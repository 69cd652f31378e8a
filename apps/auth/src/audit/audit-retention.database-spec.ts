import { randomUUID } from 'node:crypto';
import { Retention } from '@jwt-auth/chassis';
import type { DataSource } from 'typeorm';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { readConfig } from '../settings.js';
import { openAuthDatabase } from '../database/auth-database.js';
import { EXPIRED_ROWS } from '../retention/expired-rows.js';
import { AuthApp } from '../testing/auth-app.fixture.js';
import { ENCRYPTION_KEY } from '../testing/migrated-database.fixture.js';
import { AuditRepository } from './audit.repository.js';

const DAY_MS = 86_400_000;

const auth = AuthApp.forFile({ AUDIT_RETENTION: '30d' });
beforeAll(async () => {
  // What comes by itself would take the work away.
  await auth.get(Retention).onModuleDestroy();
});

const query = (sql: string, values: unknown[] = []): Promise<{ days: number }[]> =>
  auth.dataSource.query(sql, values);
const removeExpired = (dataSource = auth.dataSource) =>
  new Retention(dataSource, { rows: EXPIRED_ROWS }).removeExpired();
const left = async () =>
  (
    await query(`SELECT (detail ->> 'days')::int AS days FROM audit_events
     WHERE action = 'user.enabled' ORDER BY at, id`)
  ).map(({ days }) => days);

beforeEach(async () => {
  // Whatever there is.
  await auth.get(AuditRepository).keepFor(0);
  await query(`DELETE FROM audit_events WHERE action = 'user.enabled'`);
  await auth.get(AuditRepository).keepFor(30 * DAY_MS);
  await query(
    `INSERT INTO audit_events (at, action, detail)
     SELECT now() - days * interval '1 day', 'user.enabled', jsonb_build_object('days', days)
     FROM unnest('{31,29,0}'::int[]) AS days`,
  );
});

describe('old audit events', () => {
  it('are removed once they are older than AUDIT_RETENTION, in steps', async () => {
    await query(
      `INSERT INTO audit_events (at, action, detail)
       SELECT now() - interval '40 days', 'user.enabled', '{"days": 40}'
       FROM generate_series(1, 2100)`,
    );
    expect(await removeExpired()).toEqual({ audit_events: 2101 });
    expect(await left()).toEqual([29, 0]);
    await auth.get(AuditRepository).keepFor(DAY_MS);
    expect(await removeExpired()).toEqual({ audit_events: 1 });
    expect(await left()).toEqual([0]);
  });

  it('are removed by an app whose role owns nothing, too', async () => {
    const dataSource = await openAsAppRole();
    try {
      expect(await removeExpired(dataSource)).toEqual({ audit_events: 1 });
    } finally {
      await dataSource.destroy();
    }
    expect(await left()).toEqual([29, 0]);
  });

  it.each([
    ['DELETE FROM audit_events', 'keeps its rows for 30 days'],
    [`DELETE FROM audit_events WHERE at > now() - interval '1 day'`, 'append-only'],
    [`UPDATE audit_events SET at = now() - interval '2 years'`, 'append-only'],
    ['TRUNCATE audit_events', 'append-only'],
  ])('are the only ones: the database refuses %s', async (statement, reason) => {
    const before = await left();
    await expect(query(statement)).rejects.toThrow(reason);
    expect(await left()).toEqual(before);
  });

  it('are not what a temporary table of the same name says', async () => {
    const attack = auth.dataSource.transaction(async (manager) => {
      await manager.query(
        `CREATE TEMPORARY TABLE audit_retention ON COMMIT DROP AS SELECT interval '0' AS keep`,
      );
      await manager.query('DELETE FROM audit_events');
    });
    await expect(attack).rejects.toThrow('keeps its rows for 30 days');
  });

  it('are found by an index', async () => {
    await query('ANALYZE audit_events');
    const plan = await auth.dataSource.transaction(async (manager) => {
      await manager.query('SET LOCAL enable_seqscan = off');
      return manager.query<object[]>(
        `EXPLAIN SELECT FROM audit_events WHERE at < now() - interval '1 day' ORDER BY at LIMIT 9`,
      );
    });
    expect(JSON.stringify(plan)).toContain('audit_events_at');
  });
});

/** The database as a role that only has what the command `migrate` grants. */
async function openAsAppRole(): Promise<DataSource> {
  const role = `app_${randomUUID().slice(0, 8)}`;
  const url = new URL(auth.databaseUrl);
  const open = (settings: Record<string, string>) =>
    openAuthDatabase(
      readConfig({
        DATABASE_URL: url.href,
        KEY_ENCRYPTION_KEY: ENCRYPTION_KEY.toString('base64'),
        ...settings,
      }),
    );
  await query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
  await (await open({ DATABASE_APP_ROLE: role })).destroy();
  [url.username, url.password] = [role, 'secret'];
  return open({ MIGRATE: 'off' });
}
