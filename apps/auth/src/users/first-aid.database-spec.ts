import { randomUUID } from 'node:crypto';

import { beforeAll, describe, expect, it } from 'vitest';

import { AuthApp, PASSWORD, type ProblemBody } from '../testing/auth-app.fixture.js';
import type { UserAnswer } from './users.admin.schema.js';
import { KnownNetworksRepository } from './known-networks.repository.js';
import { UsersRepository } from './users.repository.js';

const auth = AuthApp.forFile({ SEED_DEMO: 'on' });
let admin: string;
beforeAll(async () => {
  ({ access_token: admin } = await auth.login('admin@example.com'));
});
let adminId: string;
beforeAll(async () => {
  ({ id: adminId } = (await auth.call<{ id: string }>('GET', '/auth/me', { token: admin })).body);
});

const reset = <Body = ProblemBody>(id: string, body: unknown, token = admin) =>
  auth.call<Body>('PUT', `/admin/users/${id}/password`, { token, body });
const remove = (id: string, token = admin) => auth.call('DELETE', `/admin/users/${id}`, { token });
const create = (body: object) =>
  auth.call<UserAnswer>('POST', '/admin/users', { token: admin, body });
const statusOf = async (token: string): Promise<number> =>
  (await auth.call('GET', '/auth/me', { token })).status;
const eventsOf = (subject: string): Promise<object[]> =>
  auth.dataSource.query(
    `SELECT action, actor, detail FROM audit_events WHERE subject = $1 ORDER BY id`,
    [subject],
  );

let count = 0;
/** A new user with a session. */
async function newUser(roles = ['user']) {
  const email = `aid-${(count += 1)}@example.com`;
  const { id } = (await create({ email, password: PASSWORD, roles })).body;
  return { id, email, ...(await auth.login(email)) };
}

const OTHER = 'ten badgers behind the mill';

describe('the password of a user', () => {
  it('is replaced by one that is given, and all sessions end', async () => {
    const { id, email, access_token, refresh_token } = await newUser();
    const answer = await reset(id, { password: OTHER });
    expect(answer).toMatchObject({ status: 204, body: undefined });
    expect(await statusOf(access_token)).toBe(401);
    expect((await auth.refresh(refresh_token)).status).toBe(401);
    await expect(auth.login(email)).rejects.toThrow('invalid_credentials');
    await auth.login(email, OTHER);
    expect(await eventsOf(id)).toEqual([
      { action: 'user.created', actor: adminId, detail: { roles: ['user'] } },
      { action: 'user.password_reset', actor: adminId, detail: {} },
      {
        action: 'sessions.ended',
        actor: adminId,
        detail: { reason: 'password_changed', count: 1 },
      },
    ]);
  });

  it('is replaced by a generated one, which is shown this once', async () => {
    const [one, two] = [await newUser(), await newUser()];
    const answers = [
      await reset<{ password: string }>(one.id, {}),
      await reset<{ password: string }>(two.id, {}),
    ];
    expect(answers[0]).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
    const [first = '', second = ''] = answers.map(({ body }) => body.password);
    expect(first).toMatch(/^([a-z2-9]{5}-){3}[a-z2-9]{5}$/);
    expect(second).not.toBe(first);
    await auth.login(one.email, first);
    const rows = await auth.dataSource.query<object[]>('SELECT * FROM users, audit_events');
    expect(JSON.stringify([rows, auth.log])).not.toContain(first);
  });

  it('of a disabled user may be replaced, and the user stays disabled', async () => {
    const { id, email } = await newUser();
    const disabled = { token: admin, body: { disabled: true } };
    await auth.call('PATCH', `/admin/users/${id}`, disabled);
    expect((await reset(id, { password: OTHER })).status).toBe(204);
    await expect(auth.login(email, OTHER)).rejects.toThrow('invalid_credentials');
  });

  it('is not replaced for oneself, which would need no current one', async () => {
    expect(await reset(adminId, { password: OTHER })).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    });
    expect(await statusOf(admin)).toBe(200);
  });

  it('keeps out a login that checked the former one', async () => {
    const { id, email } = await newUser();
    const [login, answer] = await Promise.all([
      auth.call<{ access_token?: string }>('POST', '/auth/login', {
        body: { email, password: PASSWORD },
      }),
      reset(id, { password: OTHER }),
    ]);
    expect(answer.status).toBe(204);
    const { access_token: token } = login.body;
    if (token !== undefined) expect(await statusOf(token)).toBe(401);
  });

  it.each([
    ['a short one', { password: 'short' }, 400],
    ['one of the commonest', { password: 'password1234' }, 400],
    ['half a surrogate pair', { password: `${OTHER}\ud83d` }, 400],
    ['null', { password: null }, 400],
    ['another member', { newPassword: OTHER }, 400],
    ['a list', [OTHER], 400],
  ])('is not replaced by %s', async (_, body, status) => {
    const { id, access_token } = await newUser();
    expect(await reset(id, body)).toMatchObject({ status, body: { code: 'invalid_input' } });
    expect(await statusOf(access_token)).toBe(200);
  });
});

describe('a deleted user', () => {
  const TABLES = [
    ['users', 'id'],
    ['sessions', 'user_id'],
    ['known_networks', 'user_id'],
    ['outgoing_mails', 'user_id'],
    ['reference_tokens', `(claims ->> 'sub')::uuid`],
    ['refresh_tokens', '(SELECT user_id FROM sessions WHERE id = session_id)'],
  ] as const;
  const rowsOf = (id: string) =>
    Promise.all(
      TABLES.map(async ([table, owner]) => {
        const rows = await auth.dataSource.query<object[]>(
          `SELECT FROM ${table} WHERE ${owner} = $1`,
          [id],
        );
        return rows.length;
      }),
    );

  it('leaves no row, no session and no living token', async () => {
    const [user, other] = [await newUser(), await newUser()];
    const { body: opaque } = await auth.call<{ access_token: string }>('POST', '/auth/refresh', {
      body: { refresh_token: user.refresh_token, token_format: 'reference' },
    });
    expect(await statusOf(opaque.access_token)).toBe(200);
    await auth.dataSource.query(
      `INSERT INTO outgoing_mails
       SELECT gen_random_uuid(), 'password-changed', 'x@example.com', id, '{}', now(),
         now() + interval '1 hour', 0 FROM users`,
    );
    expect(await rowsOf(user.id)).toEqual([1, 1, 1, 1, 1, 2]);
    const others = await rowsOf(other.id);

    expect(await remove(user.id)).toMatchObject({ status: 204, body: undefined });

    expect(await rowsOf(user.id)).toEqual([0, 0, 0, 0, 0, 0]);
    const orphans = await auth.dataSource.query<object[]>(
      'SELECT FROM refresh_tokens WHERE session_id NOT IN (SELECT id FROM sessions)',
    );
    expect(orphans).toEqual([]);
    expect(await statusOf(user.access_token)).toBe(401);
    expect(await statusOf(opaque.access_token)).toBe(401);
    expect((await auth.refresh(user.refresh_token)).status).toBe(401);
    await expect(auth.login(user.email)).rejects.toThrow('invalid_credentials');
    expect(await rowsOf(other.id)).toEqual(others);
    expect(await statusOf(other.access_token)).toBe(200);
  });

  it('is revoked for services until the last access token has expired', async () => {
    const { id, access_token: token } = await newUser();
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
    const { sid, exp } = JSON.parse(payload) as { sid: string; exp: number };
    await remove(id);
    const { body } = await auth.call<{ entries: object[] }>('GET', '/revocations');
    expect(body.entries).toContainEqual({ kind: 'sid', id: sid, exp });
  });

  it('is only an id in the audit log, and the e-mail may be used again', async () => {
    const { id, email } = await newUser();
    await remove(id);
    expect((await eventsOf(id)).slice(-3)).toEqual([
      { action: 'sessions.ended', actor: adminId, detail: { reason: 'user_deleted', count: 1 } },
      { action: 'user.deleted', actor: adminId, detail: {} },
      { action: 'user.removed', actor: null, detail: { events: 1 } },
    ]);
    const log = await auth.dataSource.query<object[]>('SELECT * FROM audit_events');
    expect(JSON.stringify(log)).not.toContain(email);
    const again = (await create({ email, password: PASSWORD })).body;
    expect(again.id).not.toBe(id);
  });

  it('is gone, also for the second of two who delete it', async () => {
    const { id } = await newUser();
    const answers = await Promise.all([remove(id), remove(id)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 404]);
    const calls = [
      ['GET', `/admin/users/${id}`],
      ['DELETE', `/admin/users/${id}/sessions`],
      ['GET', `/admin/users/${id}/sessions`],
    ] as const;
    for (const [method, url] of calls) {
      expect(await auth.call(method, url, { token: admin })).toMatchObject({
        status: 404,
        body: { code: 'not_found' },
      });
    }
    expect((await reset(id, { password: OTHER })).status).toBe(404);
  });

  it('keeps out a login, and a refresh, that were under way', async () => {
    const { id, email, refresh_token } = await newUser();
    const [login, refreshed, answer] = await Promise.all([
      auth.call<{ access_token?: string }>('POST', '/auth/login', {
        body: { email, password: PASSWORD },
      }),
      auth.refresh<{ access_token?: string }>(refresh_token),
      remove(id),
    ]);
    expect(answer.status).toBe(204);
    for (const { status, body } of [login, refreshed]) {
      expect([200, 401]).toContain(status);
      if (body.access_token) expect(await statusOf(body.access_token)).toBe(401);
    }
    expect(await rowsOf(id)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('gets no known network from a login that was under way', async () => {
    const { id } = await newUser();
    const user = (await auth.get(UsersRepository).findById(id))!;
    await remove(id);
    const networks = auth.get(KnownNetworksRepository);
    const { manager } = auth.dataSource;
    await expect(networks.remember(manager, user, '192.0.2.1', new Date())).resolves.toBe(false);
  });

  it.each([randomUUID(), 'nobody'])('is not %s', async (id) => {
    expect(await remove(id)).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });
});

describe('an administrator', () => {
  it('cannot delete themselves', async () => {
    expect(await remove(adminId)).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(await statusOf(admin)).toBe(200);
  });

  it('may delete another one, and one of two who delete each other remains', async () => {
    const [one, two] = [await newUser(['user', 'admin']), await newUser(['user', 'admin'])];
    expect((await remove(one.id)).status).toBe(204);
    await auth.dataSource.query(`UPDATE users SET roles = '{user}' WHERE id <> ALL($1)`, [
      [adminId, two.id],
    ]);
    const answers = await Promise.all([remove(two.id), remove(adminId, two.access_token)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([204, expect.any(Number)]);
    const admins = await auth.dataSource.query<object[]>(
      `SELECT FROM users WHERE 'admin' = ANY(roles) AND NOT is_disabled`,
    );
    expect(admins).toHaveLength(1);
  });
});
