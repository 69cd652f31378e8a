import { randomUUID } from 'node:crypto';

import { beforeAll, describe, expect, it } from 'vitest';

import { AuthApp } from '../testing/auth-app.fixture.js';
import { AuditService } from './audit.service.js';

const auth = AuthApp.forFile({ SEED_DEMO: 'on' });

it.each([
  `UPDATE audit_events SET actor = 'someone else'`,
  'DELETE FROM audit_events',
  'TRUNCATE audit_events',
])('the database refuses %s', async (statement) => {
  await auth.register(`${statement.slice(0, 6).toLowerCase()}@example.com`);
  await expect(auth.dataSource.query(statement)).rejects.toThrow('append-only');
});

it('an event is rolled back with the transaction that it describes', async () => {
  const failed = auth.dataSource.transaction(async (manager) => {
    await auth.get(AuditService).record(manager, {
      action: 'user.password_changed',
      actor: 'undone',
      subject: null,
    });
    throw new Error('undone');
  });
  await expect(failed).rejects.toThrow('undone');
  const events = await auth.dataSource.query<object[]>(
    `SELECT FROM audit_events WHERE actor = 'undone'`,
  );
  expect(events).toEqual([]);
});

describe('the list', () => {
  interface Listed {
    readonly items: readonly { readonly action: string; readonly actor: string; subject: string }[];
    readonly nextCursor: string | null;
  }
  let admin: string;
  const list = (query: Record<string, string>) =>
    auth.call<Listed>('GET', `/admin/audit?${new URLSearchParams(query).toString()}`, {
      token: admin,
    });
  const actions = async (query: Record<string, string>) =>
    (await list(query)).body.items.map(({ action }) => action);

  beforeAll(async () => {
    ({ access_token: admin } = await auth.login('admin@example.com'));
    await auth.dataSource.query(
      `INSERT INTO audit_events (at, action, actor, subject, detail)
       SELECT now(), action, 'listed', subject, '{}' FROM (VALUES
         ('user.created', 'one'), ('session.started', 'one'), ('sessions.ended', 'two'),
         ('session.ended', 'two')) AS event (action, subject)`,
    );
  });

  it.each([
    [{}, ['session.ended', 'sessions.ended', 'session.started', 'user.created']],
    [{ action: 'session' }, ['session.ended', 'sessions.ended', 'session.started']],
    [{ action: 'session.ended' }, ['session.ended']],
    [{ action: 'sess' }, []],
    [{ subject: 'two' }, ['session.ended', 'sessions.ended']],
    [{ subject: 'one', action: 'user' }, ['user.created']],
    [{ subject: 'nobody' }, []],
  ])('has the events of %j, the latest first', async (filter, found) => {
    expect(await actions({ actor: 'listed', ...filter })).toEqual(found);
  });

  it('has the events of an id in any case', async () => {
    const id = randomUUID();
    await auth.dataSource.query(
      `INSERT INTO audit_events (at, action, actor, subject, detail)
       VALUES (now(), 'user.created', $1, $1, '{}')`,
      [id],
    );
    expect(await actions({ actor: id.toUpperCase() })).toEqual(['user.created']);
    expect(await actions({ subject: id.toUpperCase() })).toEqual(['user.created']);
  });

  it('goes on page by page with its filter, and with no other', async () => {
    const first = await list({ actor: 'listed', limit: '3' });
    const cursor = first.body.nextCursor ?? '';
    expect(await actions({ actor: 'listed', limit: '3', cursor })).toEqual(['user.created']);
    expect(await list({ actor: 'other', cursor })).toMatchObject({ status: 400 });
  });

  it.each([
    [{ action: 'user.%' }],
    [{ action: '' }],
    [{ actor: '' }],
    [{ actor: 'a\0' }],
    [{ subject: 'x'.repeat(257) }],
  ])('refuses %j', async (query) => {
    expect(await list(query)).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
  });
});
