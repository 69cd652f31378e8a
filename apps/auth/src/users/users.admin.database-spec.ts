import { randomUUID } from 'node:crypto';

import { beforeEach, describe, expect, it } from 'vitest';

import { Config } from '../config.js';
import { AuthApp, PASSWORD, type Answer } from '../testing/auth-app.fixture.js';
import type { UserAnswer } from './users.admin.schema.js';
import { UsersAdminService } from './users.admin.service.js';

interface UserList {
  readonly items: readonly UserAnswer[];
  readonly nextCursor: string | null;
}

const auth = AuthApp.forFile({ SEED_DEMO: 'on' });
let admin: string;
let adminId: string;
beforeEach(async () => {
  ({ access_token: admin } = await auth.login('admin@example.com'));
  ({ id: adminId } = (await auth.call<{ id: string }>('GET', '/auth/me', { token: admin })).body);
});

const list = (query = ''): Promise<Answer<UserList>> =>
  auth.call('GET', `/admin/users${query}`, { token: admin });
const change = (id: string, body: unknown, token = admin): Promise<Answer<UserAnswer>> =>
  auth.call('PATCH', `/admin/users/${id}`, { token, body });
const create = (body: unknown): Promise<Answer<UserAnswer>> =>
  auth.call('POST', '/admin/users', { token: admin, body });
const me = async (token: string): Promise<number> =>
  (await auth.call('GET', '/auth/me', { token })).status;
const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;

let count = 0;
/** A new user with a session. */
async function newUserWithSession() {
  const email = `user-${(count += 1)}@example.com`;
  const { id } = (await create({ email, password: PASSWORD })).body;
  return { id, email, ...(await auth.login(email)) };
}

const eventsOf = (subject: string): Promise<object[]> =>
  auth.dataSource.query(
    `SELECT action, actor, address, detail FROM audit_events
     WHERE subject = $1 AND action LIKE 'user.%' ORDER BY id`,
    [subject],
  );

describe('administration of users', () => {
  it.each([
    ['GET', '/admin/users'],
    ['POST', '/admin/users'],
    ['GET', `/admin/users/${randomUUID()}`],
    ['PATCH', `/admin/users/${randomUUID()}`],
    ['DELETE', `/admin/users/${randomUUID()}`],
    ['PUT', `/admin/users/${randomUUID()}/password`],
    ['POST', `/admin/users/${randomUUID()}/password/reset`],
    ['GET', '/admin/revocations'],
    ['POST', '/admin/revocations'],
    ['GET', '/admin/audit'],
  ] as const)('%s %s is for administrators', async (method, url) => {
    const { access_token: token } = await auth.login('ada@example.com');
    expect((await auth.call(method, url)).status).toBe(401);
    const answer = await auth.call(method, url, { token });
    expect(answer).toMatchObject({ status: 403, body: { code: 'insufficient_role' } });
    const narrowed = await auth.call<{ access_token: string }>('POST', '/auth/login', {
      body: { email: 'admin@example.com', password: PASSWORD, scope: 'orders:read' },
    });
    expect(await auth.call(method, url, { token: narrowed.body.access_token })).toMatchObject({
      status: 403,
      headers: { 'www-authenticate': 'Bearer error="insufficient_scope", scope="admin"' },
      body: { code: 'insufficient_scope' },
    });
  });

  it('creates a user with roles, who is in the list and can log in', async () => {
    const roles = ['admin', 'user', 'admin'];
    const { status, body } = await create({ email: 'New@example.com', password: PASSWORD, roles });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.any(String) as string,
      email: 'New@example.com',
      emailVerified: false,
      roles: ['user', 'admin'],
      disabled: false,
      claims: {},
      createdAt: expect.stringMatching(/Z$/) as string,
    });
    expect((await list()).body.items[0]).toEqual(body);
    expect((await auth.login('new@example.com')).scope).toContain('admin');
    expect(await eventsOf(body.id)).toEqual([
      {
        action: 'user.created',
        actor: adminId,
        address: '127.0.0.1',
        detail: { roles: ['user', 'admin'] },
      },
    ]);
  });

  it('lists every user once, page by page', async () => {
    const [whole, seen] = [(await list('?limit=100')).body.items, [] as string[]];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query = new URLSearchParams({ limit: '2', ...(cursor && { cursor }) }).toString();
      const { items, nextCursor }: UserList = (await list(`?${query}`)).body;
      seen.push(...items.map(({ id }) => id));
      cursor = nextCursor;
    }
    expect(seen).toEqual(whole.map(({ id }) => id));
  });

  it.each([
    ['an invalid cursor', 'cursor=x', 'cursor'],
    ['an empty cursor', 'cursor=', 'cursor'],
    ['a limit of 0', 'limit=0', 'limit'],
    ['too high a limit', 'limit=101', 'limit'],
    ['an unknown member', 'page=1', ''],
    ['an empty e-mail', 'email=', 'email'],
    ['two e-mails', 'email=a&email=b', 'email'],
    ['an e-mail with NUL', 'email=%00', 'email'],
    ['an e-mail of 255 characters', `email=${'x'.repeat(255)}`, 'email'],
  ])('refuses a list with %s', async (_, query, path) => {
    const answer = await auth.call('GET', `/admin/users?${query}`, { token: admin });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    expect(answer.body.errors?.[0]?.path).toBe(path);
  });

  it('shows one user by the id, in any case', async () => {
    const user = { email: 'one@example.com', password: PASSWORD, emailVerified: true };
    const { body } = await create(user);
    expect(body).toMatchObject({ email: 'one@example.com', emailVerified: true });
    for (const id of [body.id, body.id.toUpperCase()]) {
      const answer = await auth.call('GET', `/admin/users/${id}`, { token: admin });
      expect(answer).toMatchObject({ status: 200, body });
    }
    for (const id of [randomUUID(), 'one@example.com']) {
      const answer = await auth.call('GET', `/admin/users/${id}`, { token: admin });
      expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
  });

  it.each([
    ['a whole e-mail', 'Find.Me@example.com', ['Find.Me@example.com']],
    [
      'its beginning in another case',
      'FIND.',
      ['find.other@xn--bcher-kva.example', 'Find.Me@example.com'],
    ],
    [
      'an e-mail of an international domain',
      'find.other@bücher.example',
      ['find.other@xn--bcher-kva.example'],
    ],
    ['a character that is none in a pattern', 'find_me', []],
    ['a percent sign', '%', []],
    ['a backslash', '\\', []],
    ['text that is not at the beginning', 'me@example.com', []],
  ])('finds users by %s', async (_, email, found) => {
    for (const each of ['Find.Me@example.com', 'find.other@bücher.example']) {
      await create({ email: each, password: PASSWORD });
    }
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query = new URLSearchParams({ email, limit: '1' });
      if (cursor) query.set('cursor', cursor);
      const { items, nextCursor }: UserList = (await list(`?${query.toString()}`)).body;
      seen.push(...items.map((user) => user.email));
      cursor = nextCursor;
    }
    expect(seen).toEqual(found);
  });

  it('refuses the cursor of another search', async () => {
    const { nextCursor } = (await list('?email=a&limit=1')).body;
    expect(nextCursor).not.toBeNull();
    const query = new URLSearchParams({ email: 'b', cursor: nextCursor ?? '' }).toString();
    expect((await list(`?${query}`)).status).toBe(400);
  });

  it.each([
    ['an e-mail that is taken', { email: 'ADA@example.com', password: PASSWORD }, 409],
    ['a weak password', { email: 'weak@example.com', password: 'password1234' }, 400],
    ['an unknown role', { email: 'r@example.com', password: PASSWORD, roles: ['root'] }, 400],
    ['an unknown member', { email: 'u@example.com', password: PASSWORD, admin: true }, 400],
  ])('creates no user with %s', async (_, body, status) => {
    expect((await create(body)).status).toBe(status);
  });
});

describe('a change of a user', () => {
  it('to disabled ends all sessions at once, and prevents logins', async () => {
    const { id, email, access_token, refresh_token } = await newUserWithSession();
    expect((await change(id, { disabled: true })).body.disabled).toBe(true);
    expect(await me(access_token)).toBe(401);
    expect((await auth.refresh(refresh_token)).status).toBe(401);
    await expect(auth.login(email)).rejects.toThrow('invalid_credentials');
    await change(id, { disabled: false });
    await auth.login(email);
    expect((await auth.refresh(refresh_token)).status).toBe(401);
    expect(await eventsOf(id)).toMatchObject([
      { action: 'user.created' },
      { action: 'user.disabled', actor: adminId },
      { action: 'user.enabled', actor: adminId },
    ]);
  });

  it.each([
    ['roles', { roles: ['user', 'admin'] }, 'user.roles_changed'],
    ['claims', { claims: { tenant: 'blue', level: [1, { x: null }] } }, 'user.claims_changed'],
  ])(
    'of %s ends the access tokens, and the next refresh carries the change',
    async (_, body, action) => {
      const { id, access_token, refresh_token } = await newUserWithSession();
      expect((await change(id, body)).body).toMatchObject(body);
      expect(await me(access_token)).toBe(401);
      const { status, body: renewed } = await auth.refresh(refresh_token);
      expect(status).toBe(200);
      expect(claimsOf(renewed.access_token)).toMatchObject(body);
      expect(await me(renewed.access_token)).toBe(200);
      expect(await eventsOf(id)).toMatchObject([{ action: 'user.created' }, { action }]);
    },
  );

  it('to the present values changes nothing', async () => {
    const { id, access_token } = await newUserWithSession();
    await change(id, { disabled: false, roles: ['user'], claims: {} });
    await change(id, {});
    expect(await me(access_token)).toBe(200);
    expect(await eventsOf(id)).toHaveLength(1);
  });

  it.each([randomUUID(), 'nobody'])('is refused for the unknown %s', async (id) => {
    expect(await change(id, { disabled: true })).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
  });

  const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });
  it.each([
    ['an unknown member', { admin: true }],
    ['a string for a boolean', { disabled: 'true' }],
    ['an unknown role', { roles: ['root'] }],
    ['claims that are a list', { claims: [] }],
    ['claims that are null', { claims: null }],
    ['a claim named constructor', { claims: { a: [{ constructor: 1 }] } }],
    ['a claim named __proto__', { claims: { a: JSON.parse('{"__proto__":1}') as object } }],
    ['claims with NUL', { claims: { a: ['\0'] } }],
    ['a claim whose name has NUL', { claims: { '\0': 1 } }],
    ['claims with half a surrogate pair', { claims: { a: '\ud83d' } }],
    ['claims that are too deep', { claims: deep(40) }],
    ['claims over 64 KiB', { claims: { a: 'x'.repeat(65_529) } }],
  ])('is refused with %s', async (_, body) => {
    const { id } = await newUserWithSession();
    expect(await change(id, body)).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
  });

  it('takes claims of 64 KiB, and refuses a much larger body', async () => {
    const { id } = await newUserWithSession();
    const claims = { a: 'x'.repeat(65_528) };
    expect((await change(id, { claims })).status).toBe(200);
    const answer = await change(id, { claims: { a: 'x'.repeat(140_000) } });
    expect(answer).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
  });
});

describe('an administrator', () => {
  it.each([
    ['disable', { disabled: true }],
    ['demote', { roles: ['user'] }],
  ])('cannot %s themselves', async (_, body) => {
    expect(await change(adminId, body)).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(await me(admin)).toBe(200);
  });

  it('remains who may log in, and not one whose e-mail has to be verified first', async () => {
    const { id } = await newUserWithSession();
    const sql = `UPDATE users SET roles = '{admin}', registration = 'open' WHERE id = $1`;
    await auth.dataSource.query(sql, [id]);
    await auth.dataSource.query(`UPDATE users SET roles = '{}' WHERE id <> ALL($1)`, [
      [id, adminId],
    ]);
    const [config, users] = [auth.get(Config), auth.get(UsersAdminService)];
    const { emailVerification } = config;
    const remove = () => users.change(adminId, { disabled: true }, { actor: null });
    Object.assign(config, { emailVerification: 'required' });
    await expect(remove()).rejects.toMatchObject({ code: 'locks_out' });
    Object.assign(config, { emailVerification });
    await expect(remove()).resolves.toMatchObject({ isDisabled: true });
    await users.change(adminId, { disabled: false }, { actor: null });
  });

  it('remains when all administrators demote each other at the same moment', async () => {
    await auth.dataSource.query(`UPDATE users SET roles = '{user}' WHERE id <> $1`, [adminId]);
    const other = await newUserWithSession();
    await change(other.id, { roles: ['user', 'admin'] });
    const { access_token: token } = (await auth.refresh(other.refresh_token)).body;
    const answers = await Promise.all([
      change(other.id, { roles: ['user'] }),
      change(adminId, { roles: ['user'] }, token),
    ]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const admins = await auth.dataSource.query<object[]>(
      `SELECT FROM users WHERE 'admin' = ANY(roles) AND NOT is_disabled`,
    );
    expect(admins).toHaveLength(1);
  });
});
