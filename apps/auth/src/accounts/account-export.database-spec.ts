import { afterEach, describe, expect, it, vi } from 'vitest';

import { SessionsRepository } from '../sessions/sessions.repository.js';
import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import { linkToken } from './account-mail.fixture.js';

interface Export {
  readonly exportedAt: string;
  readonly account: { readonly id: string; readonly email: string };
  readonly sessions: readonly { readonly id: string; readonly endedAt: string | null }[];
  readonly networks: readonly { readonly network: string }[];
  readonly links: readonly object[];
  readonly events: readonly { readonly action: string; readonly by: string }[];
}

const { auth, mailbox } = AuthApp.forFileWithMailbox({ SEED_DEMO: 'on' });

afterEach(() => auth.clock.reset());

const exported = (token: string) => auth.call<Export>('GET', '/auth/me/export', { token });
const query = <Row extends object>(sql: string, ...parameters: unknown[]): Promise<Row[]> =>
  auth.dataSource.query(sql, parameters);

async function newUser(email: string) {
  const { id } = (await auth.register(email)).body;
  return { id, ...(await auth.login(email)) };
}

describe('an export of an account', () => {
  it('is a file with everything that is kept, and without secrets', async () => {
    const { id, access_token: token } = await newUser('all@example.com');
    const link = await linkToken(auth, mailbox, 'all@example.com', 'Verify');
    await auth.login('all@example.com');
    const admin = (await auth.login('admin@example.com')).access_token;
    const claims = { team: 'blue' };
    await auth.call('PATCH', `/admin/users/${id}`, { token: admin, body: { claims } });
    const { access_token: later, refresh_token } = await auth.login('all@example.com');
    const { status, headers, body } = await exported(later);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'content-disposition': 'attachment; filename="account.json"',
      'cache-control': 'no-store',
    });
    expect(body).toMatchObject({
      account: { id, email: 'all@example.com', roles: ['user'], claims, registration: 'open' },
      networks: [{ network: '127.0.0.1' }],
      links: [{ purpose: 'verify-email', email: 'all@example.com' }],
    });
    expect(Object.keys(body.account).sort()).toEqual([
      ...['claims', 'createdAt', 'email', 'emailVerifiedAt', 'id', 'passwordChangedAt'],
      ...['registration', 'roles'],
    ]);
    expect(body.sessions).toHaveLength(3);
    expect(Object.keys(body.sessions[0] ?? {}).sort()).toEqual([
      ...['address', 'amr', 'audience', 'authenticatedAt', 'createdAt', 'endReason', 'endedAt'],
      ...['expiresAt', 'id', 'lastUsedAt', 'requestedScope', 'userAgent'],
    ]);
    expect(body.events.filter(({ by }) => by === 'user').map(({ action }) => action)).toEqual([
      'user.registered',
      ...['session.started', 'session.started', 'session.started', 'user.exported'],
    ]);
    const ofOthers = body.events.filter(({ by }) => by === 'other');
    expect(ofOthers.map(({ action }) => action)).toEqual(['user.claims_changed']);
    // Where the administrator was is not the user's to know.
    expect(ofOthers[0]).not.toHaveProperty('address');
    const text = JSON.stringify(body);
    for (const secret of [link, token, refresh_token, '$argon2id', 'hash']) {
      expect(text).not.toContain(secret);
    }
  });

  it('has nothing of another user', async () => {
    const { id, access_token: other } = await newUser('other@example.com');
    const { access_token: token } = await newUser('own@example.com');
    const { id: otherSession } = (
      await auth.call<{ id: string }[]>('GET', '/auth/sessions', { token: other })
    ).body[0] as { id: string };
    const text = JSON.stringify((await exported(token)).body);
    for (const foreign of [id, otherSession, 'other@example.com']) {
      expect(text).not.toContain(foreign);
    }
  });

  it('has all sessions and events, however many, each once', async () => {
    const { id, access_token: token } = await newUser('many@example.com');
    await query(
      `INSERT INTO sessions (id, user_id, address, created_at, last_used_at, expires_at, ended_at,
         end_reason)
       SELECT gen_random_uuid(), $1, '192.0.2.1', now(), now(), now() + interval '1 day', now(),
         'logout' FROM generate_series(1, 1001)`,
      id,
    );
    await query(
      `INSERT INTO audit_events (at, action, actor, subject, detail)
       SELECT now(), 'session.ended', $1, 's' || n, '{}' FROM generate_series(1, 1001) AS n`,
      id,
    );
    const { sessions, events } = (await exported(token)).body;
    expect(new Set(sessions.map((session) => session.id)).size).toBe(1002);
    expect(sessions).toHaveLength(1002);
    expect(events.filter(({ action }) => action === 'session.ended')).toHaveLength(1001);
  });

  it('needs the scope account, and a user', async () => {
    expect((await auth.call('GET', '/auth/me/export')).body.code).toBe('token_missing');
    const { body } = await auth.call<{ access_token: string }>('POST', '/auth/login', {
      body: { email: 'ada@example.com', password: PASSWORD, scope: 'orders:read' },
    });
    expect((await exported(body.access_token)).status).toBe(403);
  });

  it('is given ten times, and then with pauses', async () => {
    const { access_token: token } = await newUser('often@example.com');
    // Otherwise the pauses could be over on a busy machine.
    auth.clock.stop();
    const statuses = [];
    for (let n = 0; n < 13; n += 1) statuses.push((await exported(token)).status);
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(200));
    expect(statuses).toContain(429);
  });

  it('that cannot be completed never looks complete', async () => {
    const { access_token: token } = await newUser('broken@example.com');
    const away = new Error('the database is away');
    const spy = vi.spyOn(auth.get(SessionsRepository), 'all').mockRejectedValue(away);
    try {
      const answer = await fetch(`${await auth.listen()}/auth/me/export`, {
        headers: { authorization: `Bearer ${token}` },
      });
      await expect(answer.text()).rejects.toThrow();
    } finally {
      spy.mockRestore();
    }
  });
});
