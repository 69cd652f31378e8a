import { beforeEach, describe, expect, it, vi } from 'vitest';

import { TokenPairs } from '../sessions/token-pairs.js';
import { AuthApp, PASSWORD, type Answer } from '../testing/auth-app.fixture.js';
import type { TokenResponse } from '../sessions/sessions.schema.js';

const MANY = 20_000;

const auth = AuthApp.forFile({ SEED_DEMO: 'on' });
let admin: string;
let count = 0;
beforeEach(async () => {
  ({ access_token: admin } = await auth.login('admin@example.com'));
});

async function change(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: object,
): Promise<Answer<object>> {
  const answer = await auth.call<object>(method, `/admin/${path}`, { token: admin, body });
  expect(answer.status).toBeLessThan(300);
  return answer;
}

/** A role and a resource that no other test has. */
async function newModel() {
  count += 1;
  const [audience, role, one, other] = ['svc', 'role', 'one', 'other'].map((n) => `${n}-${count}`);
  await change('POST', 'resources', { audience, scopes: [one, other] });
  await change('POST', 'roles', { name: role, scopes: [one, other, 'orders:read'] });
  return { audience, role, one, other } as Record<'audience' | 'role' | 'one' | 'other', string>;
}

async function newUser(...roles: string[]): Promise<string> {
  const email = `narrowed-${(count += 1)}@example.com`;
  await change('POST', 'users', { email, password: PASSWORD, roles });
  return email;
}

async function login(email: string, request: object = {}): Promise<TokenResponse> {
  const body = { email, password: PASSWORD, ...request };
  const answer = await auth.call<TokenResponse>('POST', '/auth/login', { body });
  expect(answer.status).toBe(200);
  return answer.body;
}

/** The last event about this user or client: by whom, and what. */
async function lastEventOf(subject: string) {
  const { body } = await auth.call<{ items: { actor: string; action: string; detail: object }[] }>(
    'GET',
    `/admin/audit?subject=${subject}&limit=1`,
    { token: admin },
  );
  return body.items[0];
}

const jtiOf = ({ access_token: token }: Pick<TokenResponse, 'access_token'>) =>
  (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { jti: string })
    .jti;

async function isRevoked(token: Pick<TokenResponse, 'access_token'>): Promise<boolean> {
  const query = `SELECT FROM revoked_tokens WHERE kind = 'jti' AND id = $1`;
  return (await auth.dataSource.query<object[]>(query, [jtiOf(token)])).length > 0;
}

describe('a role that loses a scope', () => {
  it('revokes the tokens that name it, and no others; the sessions go on', async () => {
    const { audience, role, one, other } = await newModel();
    const email = await newUser(role);
    const named = await login(email, { resource: audience });
    const narrowed = await login(email, { resource: audience, scope: other });
    const elsewhere = await login(email);
    const somebody = await login('ada@example.com');
    await change('PUT', `roles/${role}`, { scopes: [other, 'orders:read'] });
    expect(await isRevoked(named)).toBe(true);
    for (const token of [narrowed, elsewhere, somebody]) expect(await isRevoked(token)).toBe(false);
    const next = (await auth.refresh(named.refresh_token)).body;
    expect(next.scope).toBe(other);
    expect(await isRevoked(next)).toBe(false);
    expect(one).not.toBe(other);
  });

  it('revokes nothing if that is the scope that every user has', async () => {
    const { role, one } = await newModel();
    await change('PUT', `roles/${role}`, { scopes: [one, 'account'] });
    const token = await login(await newUser(role));
    await change('PUT', `roles/${role}`, { scopes: [one] });
    expect(await isRevoked(token)).toBe(false);
  });

  it('revokes nothing of a user whom another role gives the scope', async () => {
    const { audience, role, one } = await newModel();
    const second = `${role}-second`;
    await change('POST', 'roles', { name: second, scopes: [one] });
    const both = await login(await newUser(role, second), { resource: audience });
    const alone = await login(await newUser(role), { resource: audience, scope: one });
    await change('PUT', `roles/${role}`, { scopes: ['orders:read'] });
    // It named what only the first role gave, too.
    expect(await isRevoked(both)).toBe(true);
    expect(await isRevoked(alone)).toBe(true);
    const kept = (await auth.refresh(both.refresh_token)).body;
    expect(kept.scope).toBe(one);
    await change('PUT', `roles/${role}`, { scopes: [one] });
    await change('PUT', `roles/${role}`, { scopes: [] });
    expect(await isRevoked(kept)).toBe(false);
  });

  it.each<[string, (email: string, first: TokenResponse) => Promise<TokenResponse>]>([
    ['login', (email) => login(email)],
    ['refresh', async (_, first) => (await auth.refresh(first.refresh_token)).body],
  ])('waits for a %s that has read the former scopes, and revokes its token', async (_, issue) => {
    const { role, other } = await newModel();
    const email = await newUser(role);
    const first = await login(email);
    const pairs = auth.get(TokenPairs);
    const mint = pairs.mint.bind(pairs);
    let narrowing: Promise<unknown> | undefined;
    const spy = vi.spyOn(pairs, 'mint').mockImplementationOnce(async (...request) => {
      const pair = await mint(...request);
      narrowing = change('PUT', `roles/${role}`, { scopes: [other] });
      const waiting = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`;
      await expect.poll(() => auth.dataSource.query<object[]>(waiting)).toHaveLength(1);
      return pair;
    });
    const token = await issue(email, first);
    spy.mockRestore();
    expect(token.scope).toBe('orders:read account');
    await narrowing;
    expect(await isRevoked(token)).toBe(true);
    expect((await auth.refresh(token.refresh_token)).body.scope).toBe('account');
  });

  it('lets many log in, refresh and administer at the same moment', async () => {
    const { role, one, other } = await newModel();
    const email = await newUser(role);
    const sessions = await Promise.all(Array.from({ length: 6 }, () => login(email)));
    const results = await Promise.all([
      ...sessions.map(({ refresh_token }) => auth.refresh(refresh_token)),
      ...[[one], [other], [one, other]].map((scopes) => change('PUT', `roles/${role}`, { scopes })),
      change('POST', 'clients', { name: 'x', grants: ['introspect'], scopes: ['orders:read'] }),
      newUser('user'),
      login(email),
    ]);
    for (const result of results.slice(0, 6)) expect(result).toMatchObject({ status: 200 });
  });
});

describe('a role that is removed', () => {
  it('revokes all live tokens of its users', async () => {
    const { role } = await newModel();
    const token = await login(await newUser(role, 'user'), { scope: 'account' });
    const other = await login(await newUser('user'));
    await change('DELETE', `roles/${role}`);
    expect(await isRevoked(token)).toBe(true);
    expect(await isRevoked(other)).toBe(false);
    const { scope } = (await auth.refresh(token.refresh_token)).body;
    expect(scope).toBe('account');
  });

  it('is in the audit log of each of its users', async () => {
    const { role } = await newModel();
    const [one, two] = [await login(await newUser(role)), await login(await newUser(role, 'user'))];
    await change('DELETE', `roles/${role}`);
    for (const { access_token: token } of [one, two]) {
      const { sub } = JSON.parse(atob(token.split('.')[1] ?? '')) as { sub: string };
      expect(await lastEventOf(sub)).toMatchObject({
        actor: expect.stringMatching(/^[\da-f-]{36}$/) as string,
        action: 'user.roles_changed',
        detail: { deletedRole: role },
      });
    }
  });
});

describe('a resource', () => {
  it('that loses a scope revokes the tokens for it that name the scope', async () => {
    const { audience, role, one, other } = await newModel();
    const email = await newUser(role);
    const named = await login(email, { resource: audience });
    const narrowed = await login(email, { resource: audience, scope: other });
    await change('PUT', `resources/${audience}`, { scopes: [other] });
    expect(await isRevoked(named)).toBe(true);
    expect(await isRevoked(narrowed)).toBe(false);
    expect((await auth.refresh(named.refresh_token)).body.scope).not.toContain(one);
  });

  it('that is removed revokes all tokens for it, and is no target any more', async () => {
    const { audience, role } = await newModel();
    const email = await newUser(role);
    const empty = await login(email, { resource: audience, scope: 'account' });
    const elsewhere = await login(email);
    await change('DELETE', `resources/${audience}`);
    expect(await isRevoked(empty)).toBe(true);
    expect(await isRevoked(elsewhere)).toBe(false);
    expect(await auth.refresh(empty.refresh_token)).toMatchObject({
      status: 400,
      body: { code: 'invalid_target' },
    });
  });

  it('revokes tokens of which an earlier release did not keep what they say', async () => {
    const token = await login('ada@example.com');
    await auth.dataSource.query(
      `UPDATE refresh_tokens SET access_token_audience = NULL, access_token_scopes = NULL
       WHERE access_token_id = $1`,
      [jtiOf(token)],
    );
    const kept = await login('ada@example.com', { scope: 'orders:read account' });
    await change('PUT', 'resources/api', { scopes: ['orders:read'] });
    expect(await isRevoked(token)).toBe(true);
    expect(await isRevoked(kept)).toBe(false);
  });
});

describe('of a client', () => {
  const newClient = async (traits: object) =>
    (await change('POST', 'clients', { name: 'x', grants: ['client_credentials'], ...traits }))
      .body as { id: string; secret: string };
  const stateOf = async ({ id }: { id: string }) => {
    const [state] = await auth.dataSource.query<{ scopes: string[]; isRevoked: boolean }[]>(
      `SELECT scopes, EXISTS (SELECT FROM revoked_tokens r WHERE r.kind = 'client'
         AND r.id = clients.id::text) AS "isRevoked" FROM clients WHERE id = $1`,
      [id],
    );
    return state;
  };

  it('tokens end and scopes go with the scope of a resource, unless another has it', async () => {
    const { audience, one, other } = await newModel();
    const second = `${audience}-second`;
    await change('POST', 'resources', { audience: second, scopes: [one] });
    const scopes = [other, one];
    const clients = {
      concerned: await newClient({ audiences: [audience], scopes }),
      both: await newClient({ audiences: [audience, second], scopes }),
      narrow: await newClient({ audiences: [audience], scopes: [other] }),
      elsewhere: await newClient({ audiences: [second], scopes: [one] }),
    };
    await change('PUT', `resources/${audience}`, { scopes: [other] });
    expect(await stateOf(clients.concerned)).toEqual({ scopes: [other], isRevoked: true });
    expect(await stateOf(clients.both)).toEqual({ scopes, isRevoked: true });
    expect(await stateOf(clients.narrow)).toEqual({ scopes: [other], isRevoked: false });
    expect(await stateOf(clients.elsewhere)).toEqual({ scopes: [one], isRevoked: false });
    for (const { id } of [clients.concerned, clients.both]) {
      const detail = { resource: audience, resourceLost: [one] };
      expect(await lastEventOf(id)).toMatchObject({ action: 'client.changed', detail });
    }
    expect(await lastEventOf(clients.narrow.id)).toMatchObject({
      action: 'client.created',
      detail: { name: 'x' },
    });
    await change('DELETE', `resources/${audience}`);
    expect(await stateOf(clients.narrow)).toEqual({ scopes: [], isRevoked: true });
  });
});

describe('a scope that another role gives after a second factor alone', () => {
  it('is lost in a session without one, and its token is revoked', async () => {
    const { role, one, other } = await newModel();
    const strong = `strong-${role}`;
    await change('POST', 'roles', { name: strong, scopes: [one, other], requiresMfa: true });
    const tokens = await login(await newUser(role, strong));
    await change('PUT', `roles/${role}`, { scopes: [other] });
    expect(await isRevoked(tokens)).toBe(true);
  });
});

describe('tens of thousands', () => {
  it('of sessions and users, and thousands of clients, are narrowed by one statement each', async () => {
    const { audience, role, one, other } = await newModel();
    await auth.dataSource.query(
      `WITH owner AS (
         INSERT INTO users (id, email, email_key, password_hash, roles, is_disabled, claims,
           created_at, password_changed_at)
         SELECT gen_random_uuid(), n || '@many', n || '@many', '', ARRAY[$1], false, '{}', now(),
           now() FROM generate_series(1, ${MANY}) AS n RETURNING id
       ), session AS (
         INSERT INTO sessions (id, user_id, address, created_at, last_used_at, expires_at)
         SELECT gen_random_uuid(), id, '', now(), now(), now() + interval '1 day' FROM owner
         RETURNING id
       )
       INSERT INTO refresh_tokens (hash, session_id, created_at, expires_at, replaced_at,
         access_token_id, access_token_expires_at, access_token_audience, access_token_scopes)
       SELECT sha256(id::text::bytea || n::text::bytea), id, now(), now() + interval '1 day',
         CASE n WHEN 1 THEN now() END, gen_random_uuid(),
         now() + CASE n WHEN 1 THEN interval '-2 min' ELSE interval '10 min' END, $2, ARRAY[$3, $4]
       FROM session, generate_series(1, 2) AS n`,
      [role, audience, one, other],
    );
    await auth.dataSource.query(
      `INSERT INTO clients (id, name, grants, scopes, audiences, claims, is_disabled, created_at)
       SELECT gen_random_uuid(), 'many', '{client_credentials}', ARRAY[$2], ARRAY[$1], '{}', false,
         now() FROM generate_series(1, 3000)`,
      [audience, other],
    );
    const revoked = async (kind: string) =>
      (
        await auth.dataSource.query<{ count: number }[]>(
          'SELECT count(*)::int AS count FROM revoked_tokens WHERE kind = $1',
          [kind],
        )
      )[0]?.count ?? 0;
    const before = { jti: await revoked('jti'), client: await revoked('client') };
    await change('PUT', `roles/${role}`, { scopes: [other] });
    // Only those that live.
    expect((await revoked('jti')) - before.jti).toBe(MANY);
    await change('PUT', `resources/${audience}`, { scopes: [one] });
    expect((await revoked('client')) - before.client).toBe(3000);
    await change('DELETE', `roles/${role}`);
    const [left] = await auth.dataSource.query<object[]>(
      `SELECT count(*)::int AS events,
         (SELECT count(*)::int FROM users WHERE $1 = ANY (roles)) AS users
       FROM audit_events WHERE detail ->> 'deletedRole' = $1`,
      [role],
    );
    expect(left).toEqual({ events: MANY, users: 0 });
  });
});
