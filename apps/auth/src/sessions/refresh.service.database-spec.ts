import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { Clock } from '../clock.js';
import { AuthApp, type ProblemBody } from '../testing/auth-app.fixture.js';
import { RefreshToken } from './refresh-token.entity.js';
import { RefreshService } from './refresh.service.js';
import { Session } from './session.entity.js';
import type { TokenResponse } from './sessions.schema.js';

let auth: AuthApp;
/** For the database this is another process. */
let other: AuthApp;
let count = 0;

beforeAll(async () => {
  auth = await AuthApp.start();
  other = await AuthApp.start({ DATABASE_URL: auth.databaseUrl });
});
afterEach(() => auth.clock.reset());
afterAll(() => Promise.all([auth.close(), other.close()]));

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

/** Without the seconds that they have left, which become fewer. */
const tokensOf = ({ access_token, refresh_token, scope }: TokenResponse) => ({
  access_token,
  refresh_token,
  scope,
});

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
    ['a huge token', { refresh_token: 'x'.repeat(513) }],
  ])('refuses %s as bad input', async (_, body) => {
    const answer = await auth.call('POST', '/auth/refresh', { body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    expect(answer.body.errors?.[0]?.path).toBe('refresh_token');
  });

  it.each(['x', 'A'.repeat(43), 'ü'.repeat(43)])('does not know the token %j', async (token) => {
    expect(await refused(token)).toBe('refresh_token_invalid');
  });
});

describe('a refresh that is repeated within the window', () => {
  it('gets the same answer', async () => {
    const first = await login();
    const second = await refreshed(first.refresh_token);
    expect(tokensOf(await refreshed(first.refresh_token))).toEqual(tokensOf(second));
    auth.clock.advance(9 * SECOND);
    expect(tokensOf(await refreshed(first.refresh_token))).toEqual(tokensOf(second));
  });

  it('gets the same answer fifty times at once, over two processes', async () => {
    const { refresh_token: token } = await login();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => (n % 2 ? auth : other).refresh(token)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => JSON.stringify(tokensOf(body)))).size).toBe(1);
  });

  it('says how long its tokens still live', async () => {
    const first = await login();
    const second = await refreshed(first.refresh_token);
    auth.clock.advance(9 * SECOND);
    const again = await refreshed(first.refresh_token);
    expect(second.expires_in - again.expires_in).toBeGreaterThanOrEqual(8);
    expect(second.expires_in - again.expires_in).toBeLessThanOrEqual(10);
    expect(second.refresh_expires_in - again.refresh_expires_in).toBeGreaterThanOrEqual(8);
  });

  it('gets the newest answer of the chain, from however far back', async () => {
    const first = await login();
    const second = await refreshed(first.refresh_token);
    const third = await refreshed(second.refresh_token);
    const fourth = await refreshed(third.refresh_token);
    for (const { refresh_token } of [first, second, third]) {
      expect(tokensOf(await refreshed(refresh_token))).toEqual(tokensOf(fourth));
    }
    expect((await refreshed(fourth.refresh_token)).refresh_token).not.toBe(fourth.refresh_token);
  });

  it('does so only while the window of its own replacement lasts', async () => {
    const first = await login();
    const second = await refreshed(first.refresh_token);
    auth.clock.advance(6 * SECOND);
    const third = await refreshed(second.refresh_token);
    auth.clock.advance(6 * SECOND);
    expect(tokensOf(await refreshed(second.refresh_token))).toEqual(tokensOf(third));
    expect(await refused(first.refresh_token)).toBe('refresh_token_reused');
    expect(await refused(third.refresh_token)).toBe('refresh_token_invalid');
  });

  it('is measured by the clock of the database, not of a process', async () => {
    const clock = vi
      .spyOn(other.get(Clock), 'now')
      .mockImplementation(() => new Date(Date.now() - 20 * SECOND));
    const first = await login();
    const second = await refreshed(first.refresh_token);
    expect(tokensOf((await other.refresh(first.refresh_token)).body)).toEqual(tokensOf(second));
    auth.clock.advance(11 * SECOND);
    expect(await refused(first.refresh_token)).toBe('refresh_token_reused');
    clock.mockRestore();
  });

  it('keeps answers only while the window lasts', async () => {
    const first = await login();
    const second = await refreshed(first.refresh_token);
    auth.clock.advance(11 * SECOND);
    const third = await refreshed(second.refresh_token);
    await refreshed(third.refresh_token);
    const chain = await auth.dataSource.manager.find(RefreshToken, {
      where: { sessionId: sidOf(first) },
      order: { createdAt: 'ASC' },
    });
    expect(chain.map(({ sealedSuccessor }) => sealedSuccessor !== null)).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('ends with the session', async () => {
    const first = await login();
    const second = await refreshed(first.refresh_token);
    await auth.call('POST', '/auth/logout', { token: second.access_token });
    expect(await refused(first.refresh_token)).toBe('refresh_token_invalid');
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

describe('without a window', () => {
  let strict: AuthApp;
  beforeAll(async () => {
    strict = await AuthApp.start({ DATABASE_URL: auth.databaseUrl, REFRESH_RETRY_WINDOW: '0s' });
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => strict.close());

  it('every second use is reuse, in the same millisecond too', async () => {
    const { refresh_token: token } = await login();
    vi.spyOn(strict.get(Clock), 'database').mockResolvedValue(new Date(Date.now() + 5 * SECOND));
    expect((await strict.refresh(token)).status).toBe(200);
    expect((await strict.refresh<ProblemBody>(token)).body.code).toBe('refresh_token_reused');
  });

  it('no answer is kept', async () => {
    const { refresh_token: token } = await login();
    expect((await strict.refresh(token)).status).toBe(200);
    expect(await refused(token)).toBe('refresh_token_reused');
  });

  it('an answer that a process with a window has kept is not repeated', async () => {
    const { refresh_token: token } = await login();
    const now = new Date(Date.now() + 5 * SECOND);
    for (const app of [auth, strict]) vi.spyOn(app.get(Clock), 'database').mockResolvedValue(now);
    expect((await auth.refresh(token)).status).toBe(200);
    expect((await strict.refresh<ProblemBody>(token)).body.code).toBe('refresh_token_reused');
  });

  it('no answer is kept that another process with a window could repeat', async () => {
    const first = await login();
    const second = await refreshed(first.refresh_token);
    expect((await strict.refresh(second.refresh_token)).status).toBe(200);
    expect(await refused(first.refresh_token)).toBe('refresh_token_reused');
  });
});
