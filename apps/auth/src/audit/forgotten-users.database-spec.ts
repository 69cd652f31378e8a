import { randomUUID } from 'node:crypto';

import { Retention } from '@jwt-auth/chassis';
import { beforeAll, describe, expect, it } from 'vitest';

import { ForgetRemovedUsers1764000000820 } from '../database/migrations/1764000000820-forget-removed-users.js';
import { AuthApp } from '../testing/auth-app.fixture.js';
import type { AuditEvent } from './audit-event.entity.js';
import { AuditRepository } from './audit.repository.js';

const auth = AuthApp.forFile({ SEED_DEMO: 'on' });
let admin: { id: string; access_token: string };
beforeAll(async () => {
  const { access_token } = await auth.login('admin@example.com');
  const [row] = await query<{ id: string }>(`SELECT id FROM users WHERE email_key = $1`, [
    'admin@example.com',
  ]);
  admin = { id: row!.id, access_token };
});

const query = <Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> =>
  auth.dataSource.query(sql, values);

/** What an export has of the user, in the order in which it was recorded. */
async function eventsOf(id: string): Promise<AuditEvent[]> {
  const events: AuditEvent[] = [];
  for await (const event of auth.get(AuditRepository).between(new Date(0), new Date(8.64e15))) {
    if (JSON.stringify(event).includes(id)) events.push(event);
  }
  return events.sort((a, b) => Number(a.id) - Number(b.id));
}

const isOf = (id: string) => (event: AuditEvent) => event.actor === null || event.actor === id;

/** A user with an event of each kind: by the user, by nobody who can be named, by an administrator. */
async function newUser() {
  const email = `${randomUUID()}@example.com`;
  const { id } = (await auth.register(email)).body;
  const { access_token: token, refresh_token } = await auth.login(email);
  await auth.call('POST', '/oauth/revoke', {
    body: new URLSearchParams({ token }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  await auth.refresh(refresh_token);
  auth.clock.advance(11_000);
  await auth.refresh(refresh_token);
  auth.clock.reset();
  await add('session.second_factor_refused', null, id);
  await add('user.registration_repeated', null, id);
  await auth.call('PATCH', `/admin/users/${id}`, {
    token: admin.access_token,
    body: { claims: { team: 'blue' } },
  });
  const events = await eventsOf(id);
  expect(events.map(({ action }) => action)).toEqual([
    ...['user.registered', 'session.started', 'token.revoked', 'session.refresh_token_reused'],
    ...['session.second_factor_refused', 'user.registration_repeated', 'user.claims_changed'],
  ]);
  for (const { address, requestId } of events) {
    expect([address, requestId]).toEqual([expect.any(String), expect.any(String)]);
  }
  return { id, events };
}

const add = (action: string, actor: string | null, subject: string) =>
  query(
    `INSERT INTO audit_events (at, action, actor, subject, address, request_id, detail)
     VALUES (now(), $1, $2, $3, '192.0.2.1', 'r', '{"n": 1.00}')`,
    [action, actor, subject],
  );

const removals = {
  'an administrator': async (id: string) => {
    const token = admin.access_token;
    expect((await auth.call('DELETE', `/admin/users/${id}`, { token })).status).toBe(204);
  },
  'the end of the days of grace': async (id: string) => {
    await query(`UPDATE users SET is_disabled = true, delete_at = now() WHERE id = $1`, [id]);
    const isThere = async () => {
      await auth.get(Retention).removeExpired();
      return (await query('SELECT FROM users WHERE id = $1', [id])).length === 1;
    };
    await expect.poll(isThere, { timeout: 20_000 }).toBe(false);
  },
  'any statement': (id: string) => query('DELETE FROM users WHERE id = $1', [id]),
};

describe.each(Object.entries(removals))('of a user who was removed by %s', (_, remove) => {
  it('the log keeps ids, actions and times, and not from where', async () => {
    const user = await newUser();
    const other = await newUser();
    await remove(user.id);
    const after = await eventsOf(user.id);
    const before = user.events.map((event) =>
      isOf(user.id)(event) ? { ...event, address: null, requestId: null } : event,
    );
    expect(after.slice(0, before.length)).toEqual(before);
    // Where the administrator was is no data of the user.
    expect(after.find(({ action }) => action === 'user.claims_changed')?.address).toBe('127.0.0.1');
    expect(await eventsOf(other.id)).toEqual(other.events);
  });

  it('the log says that the row went, and of how many events something was removed', async () => {
    const user = await newUser();
    await remove(user.id);
    const removed = (await eventsOf(user.id)).filter(({ action }) => action === 'user.removed');
    const events = user.events.filter(isOf(user.id)).length;
    expect(removed).toMatchObject([{ actor: null, address: null, detail: { events } }]);
  });
});

describe('the database', () => {
  const FORGET = 'UPDATE audit_events SET address = NULL, request_id = NULL WHERE actor = $1';
  /** As from inside `forget_removed_user`, for the owner of the schema. */
  const inTrigger = (statement: string, id: string) =>
    auth.dataSource.transaction(async (manager) => {
      await manager.query('CREATE TEMPORARY TABLE asked ON COMMIT DROP AS SELECT');
      await manager.query(`
        CREATE FUNCTION pg_temp.run() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          ${statement.replaceAll('$1', `'${id}'`)};
          RETURN NULL;
        END $$`);
      await manager.query(
        'CREATE TRIGGER run AFTER DELETE ON asked FOR EACH ROW EXECUTE FUNCTION pg_temp.run()',
      );
      await manager.query('DELETE FROM asked');
      await manager.query('DROP FUNCTION pg_temp.run CASCADE');
    });

  it('lets nothing but the trigger do so', async () => {
    const id = randomUUID();
    await add('user.exported', id, id);
    await expect(query(FORGET, [id])).rejects.toThrow('append-only');
    expect(await eventsOf(id)).toMatchObject([{ address: '192.0.2.1', requestId: 'r' }]);
  });

  it.each<[string, string, boolean]>([
    ['a user who is there', FORGET, true],
    ['what is no user', FORGET.replace('actor = $1', `actor = 'a client'`), false],
    ['one column only', 'UPDATE audit_events SET address = NULL WHERE actor = $1', false],
    [
      'another address',
      `UPDATE audit_events SET address = 'x', request_id = NULL WHERE actor = $1`,
      false,
    ],
    ...[
      `actor = NULL`,
      `subject = 'x'`,
      `action = 'x'`,
      'at = now()',
      'id = DEFAULT',
      `detail = '{"n": 1.0}'`,
    ].map((change): [string, string, boolean] => [
      `a statement that says also ${change}`,
      FORGET.replace(' WHERE', `, ${change} WHERE`),
      false,
    ]),
  ])('refuses it for %s', async (_, statement, isThere) => {
    const id = isThere ? admin.id : randomUUID();
    await add('user.exported', id, id);
    await add('token.revoked', 'a client', id);
    const before = await eventsOf(id);
    await expect(inTrigger(statement, id)).rejects.toThrow('append-only');
    expect(await eventsOf(id)).toEqual(before);
    if (isThere) return;
    await inTrigger(FORGET, id);
    expect((await eventsOf(id))[0]).toMatchObject({ address: null, requestId: null });
  });

  it('forgets nothing of a user whose row is back at the end of the transaction', async () => {
    const { id, events } = await newUser();
    await auth.dataSource.transaction(async (manager) => {
      await manager.query('CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT * FROM users');
      await manager.query('DELETE FROM users WHERE id = $1', [id]);
      await manager.query('INSERT INTO users SELECT * FROM kept WHERE id = $1', [id]);
    });
    expect(await eventsOf(id)).toEqual(events);
  });

  it('waits for no event that is being removed for its age', async () => {
    const { id } = await newUser();
    await auth.dataSource.transaction(async (manager) => {
      await manager.query('SELECT FROM audit_events WHERE actor = $1 FOR UPDATE', [id]);
      await query('DELETE FROM users WHERE id = $1', [id]);
    });
    expect(await query('SELECT FROM users WHERE id = $1', [id])).toEqual([]);
  });

  it('finds the events by indexes', async () => {
    const plan = await auth.dataSource.transaction(async (manager) => {
      await manager.query('SET LOCAL enable_seqscan = off');
      return manager.query<object[]>(
        `EXPLAIN SELECT FROM audit_events WHERE address IS NOT NULL AND (
           actor = 'x' OR actor IS NULL AND coalesce(detail ->> 'userId', subject) = 'x')`,
      );
    });
    expect(JSON.stringify(plan)).toMatch(/audit_events_of_actor.*audit_events_without_actor/);
  });

  it('can go back to the release before, and forward again', async () => {
    const { id, events } = await newUser();
    const runner = auth.dataSource.createQueryRunner();
    const migration = new ForgetRemovedUsers1764000000820();
    await migration.down(runner);
    await expect(query(FORGET, [id])).rejects.toThrow('append-only');
    const token = admin.access_token;
    expect((await auth.call('DELETE', `/admin/users/${id}`, { token })).status).toBe(204);
    expect((await eventsOf(id)).slice(0, events.length)).toEqual(events);
    // Of users who were deleted meanwhile.
    await migration.up(runner);
    await runner.release();
    const addresses = (await eventsOf(id)).filter(isOf(id)).map(({ address }) => address);
    expect(new Set(addresses)).toEqual(new Set([null]));
  });
});
