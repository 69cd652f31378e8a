import { afterEach, describe, expect, it } from 'vitest';

import { AuthApp, type ProblemBody } from '../testing/auth-app.fixture.js';
import { RefreshService } from './refresh.service.js';
import { Session } from './session.entity.js';
import type { TokenResponse } from './sessions.schema.js';

const auth = AuthApp.forFile();
let count = 0;

afterEach(() => auth.clock.reset());

/** A new user for each test. */
async function login(): Promise<TokenResponse> {
  const email = `refresh-${(count += 1)}@example.com`;
  await auth.register(email);
  return auth.login(email);
}

async function refreshed(token: string): Promise<TokenResponse> {
  const { status, body } = await auth.refresh(token);
  expect(status).toBe(200);
  return body;
}

const refreshFor = (token: string, options: object) =>
  auth.call<TokenResponse>('POST', '/auth/refresh', { body: { refresh_token: token, ...options } });

async function refused(token: string): Promise<string> {
  const { status, body } = await auth.refresh<ProblemBody>(token);
  expect(status).toBe(401);
  return body.code;
}
const sidOf = ({ access_token: token }: TokenResponse): string =>
  (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sid: string })
    .sid;

const revokedSessions = async (): Promise<string[]> =>
  (
    await auth.dataSource.query<{ id: string }[]>(
      `SELECT id FROM revoked_tokens WHERE kind = 'sid'`,
    )
  ).map(({ id }) => id);

const SECOND = 1_000;
const DAY = 86_400_000;

describe('a refresh', () => {
  it('gives the next pair of tokens of the same session', async () => {
    const first = await login();
    const second = await refreshed(first.refresh_token);
    expect(second).toMatchObject({
      token_type: 'Bearer',
      expires_in: 900,
      scope: 'orders:read orders:write account',
    });
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(second.access_token).not.toBe(first.access_token);
    expect(sidOf(second)).toBe(sidOf(first));
  });

  it('narrows the scope as asked, for this one token, and never widens it', async () => {
    const refresh = (token: string, scope: string) => refreshFor(token, { scope });
    const { refresh_token: first } = await login();
    const body = { code: 'invalid_input', errors: [{ path: 'scope' }] };
    for (const scope of ['admin', 'orders:read admin', ' ']) {
      expect(await refresh(first, scope)).toMatchObject({ status: 400, body });
    }
    expect(await refresh(first, 'a"b')).toMatchObject({ status: 400 });
    const { body: narrow } = await refresh(first, 'orders:read');
    expect(narrow.scope).toBe('orders:read');
    expect((await refreshed(narrow.refresh_token)).scope).toBe('orders:read orders:write account');
  });

  it.each<[string, (token: string) => Promise<unknown>]>([
    ['succeeded', (token) => auth.refresh(token)],
    ['refresh_token_invalid', () => auth.refresh('none')],
    ['scope_exceeded', (token) => refreshFor(token, { scope: 'admin' })],
    ['invalid_target', (token) => refreshFor(token, { resource: 'none' })],
    [
      'refresh_token_expired',
      async (token) => {
        await auth.dataSource.query(
          `UPDATE refresh_tokens SET expires_at = now() - interval '1 s'`,
        );
        return auth.refresh(token);
      },
    ],
    [
      'refresh_token_reused',
      async (token) => {
        await auth.refresh(token);
        auth.clock.advance(60 * SECOND);
        return auth.refresh(token);
      },
    ],
  ])('is counted as %s', async (outcome, refresh) => {
    const { refresh_token: token } = await login();
    const { outcomes } = auth.get(RefreshService);
    const before = outcomes.counts;
    await refresh(token);
    const grown = Object.entries(outcomes.counts).filter(
      ([name, times]) => times > before[name as keyof typeof before],
    );
    expect(grown.map(([name]) => name)).toContain(outcome);
    expect(grown.map(([name]) => name)).not.toContain('failed');
  });

  it('is never to be cached', async () => {
    const { headers } = await auth.refresh((await login()).refresh_token);
    expect(headers['cache-control']).toBe('no-store');
  });

  // threat:database-theft
  it('leaves nothing usable in the database', async () => {
    const first = await login();
    const second = await refreshed(first.refresh_token);
    const rows = JSON.stringify(
      await auth.dataSource.query(`SELECT t::text, encode(t.sealed_successor, 'escape')
        FROM refresh_tokens t`),
    );
    for (const { refresh_token, access_token } of [first, second]) {
      expect(rows).not.toContain(refresh_token);
      expect(rows).not.toContain(access_token);
    }
  });

  it('notes when the session was last used', async () => {
    const first = await login();
    const id = sidOf(first);
    const before = await auth.dataSource.manager.findOneByOrFail(Session, { id });
    await refreshed(first.refresh_token);
    const after = await auth.dataSource.manager.findOneByOrFail(Session, { id });
    expect(+after.lastUsedAt).toBeGreaterThan(+before.lastUsedAt);
  });

  it.each([
    ['no token', {}],
    ['an empty token', { refresh_token: '' }],
    ['a number', { refresh_token: 5 }],
    ['a token with a NUL', { refresh_token: '\0' }],
    ['a huge token', { refresh_token: 'x'.repeat(4097) }],
  ])('refuses %s as bad input', async (_, body) => {
    const answer = await auth.call('POST', '/auth/refresh', { body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    expect(answer.body.errors?.[0]?.path).toBe('refresh_token');
  });

  it.each(['x', 'A'.repeat(43), 'ü'.repeat(43)])('does not know the token %j', async (token) => {
    expect(await refused(token)).toBe('refresh_token_invalid');
  });

  it('does not know an access token', async () => {
    expect(await refused((await login()).access_token)).toBe('refresh_token_invalid');
  });
});

describe('a token that is used again after the window', () => {
  it('ends the session, and the access tokens with it', async () => {
    const first = await login();
    const second = await refreshed(first.refresh_token);
    auth.clock.advance(11 * SECOND);
    expect(await refused(first.refresh_token)).toBe('refresh_token_reused');
    expect(await refused(second.refresh_token)).toBe('refresh_token_invalid');
    expect(await revokedSessions()).toContain(sidOf(first));
  });

  it('is reuse each time, and is recorded once', async () => {
    const first = await login();
    await refreshed(first.refresh_token);
    auth.clock.advance(11 * SECOND);
    const codes = await Promise.all([1, 2, 3].map(() => refused(first.refresh_token)));
    expect(codes).toEqual(Array(3).fill('refresh_token_reused'));
    const events = await auth.dataSource.query<object[]>(
      `SELECT actor, address, request_id, detail->>'userId' AS user_id FROM audit_events
       WHERE action = 'session.refresh_token_reused' AND subject = $1`,
      [sidOf(first)],
    );
    expect(events).toEqual([
      {
        actor: null,
        address: '127.0.0.1',
        request_id: expect.any(String) as string,
        user_id: expect.any(String) as string,
      },
    ]);
  });

  it('leaves the other sessions of the user alone', async () => {
    const email = 'two-sessions@example.com';
    await auth.register(email);
    const [one, two] = [await auth.login(email), await auth.login(email)];
    await refreshed(one.refresh_token);
    auth.clock.advance(11 * SECOND);
    await refused(one.refresh_token);
    await refreshed(two.refresh_token);
  });
});

describe('a session that is over', () => {
  it.each([
    ['disuse', 31 * DAY],
    ['its whole life', 91 * DAY],
  ])('by %s has an expired refresh token', async (_, time) => {
    const { refresh_token: token } = await login();
    auth.clock.advance(time);
    expect(await refused(token)).toBe('refresh_token_expired');
  });

  it('does not live longer by being used', async () => {
    let { refresh_token: token, refresh_expires_in: left } = await login();
    for (let day = 0; day < 80; day += 20) {
      auth.clock.advance(20 * DAY);
      ({ refresh_token: token, refresh_expires_in: left } = await refreshed(token));
    }
    expect(left).toBeLessThanOrEqual((10 * DAY) / SECOND);
    auth.clock.advance(11 * DAY);
    expect(await refused(token)).toBe('refresh_token_expired');
  });

  it('by logout has no refresh token', async () => {
    const { access_token: token, refresh_token } = await login();
    await auth.call('POST', '/auth/logout', { token });
    expect(await refused(refresh_token)).toBe('refresh_token_invalid');
  });
});

describe('a user who was disabled', () => {
  it('cannot refresh', async () => {
    const email = 'disabled@example.com';
    await auth.register(email);
    const { refresh_token: token } = await auth.login(email);
    await auth.dataSource.query('UPDATE users SET is_disabled = true WHERE email = $1', [email]);
    expect(await refused(token)).toBe('refresh_token_invalid');
  });
});
