import type { FastifyReply } from 'fastify';
import { beforeAll, describe, expect, it, vi } from 'vitest';

import { readConfig } from '../settings.js';
import { AuthApp, PASSWORD, type ProblemBody } from '../testing/auth-app.fixture.js';
import { ReferenceTokens } from '../tokens/reference-tokens.js';
import { NAME, PAGE, setCookie, tokenIn, withCookie } from './refresh-cookie.fixture.js';
import { RefreshCookie } from './refresh-cookie.js';
import type { CookieTokenResponse } from './sessions.schema.js';

const ISSUER = 'https://auth.example.com/tenant';

const auth = AuthApp.forFile({ ISSUER, CORS_ORIGINS: PAGE, SESSIONS_PER_USER: '1000' });
let email: string;

beforeAll(async () => {
  email = 'cookies@example.com';
  await auth.register(email);
});

const login = (headers: Record<string, string> = { origin: PAGE }, body: object = {}) =>
  auth.call<CookieTokenResponse & ProblemBody>('POST', '/auth/login', {
    body: { email, password: PASSWORD, delivery: 'cookie', ...body },
    headers,
  });

const post = <Body = CookieTokenResponse & ProblemBody>(
  path: 'refresh' | 'logout',
  headers: Record<string, string>,
  body?: unknown,
) => auth.call<Body>('POST', `/auth/${path}`, { headers, body });

const newCookie = async () => tokenIn(await login());

const me = (token: string) => auth.call('GET', '/auth/me', { token });

async function isDead(token: string, accessToken: string): Promise<void> {
  expect((await auth.refresh(token)).status).toBe(401);
  await expect.poll(async () => (await me(accessToken)).status).toBe(401);
}

describe('a login with the delivery cookie', () => {
  it('has the refresh token in a cookie that no script reads, and nowhere else', async () => {
    const answer = await login();
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      access_token: expect.any(String) as string,
      token_type: 'Bearer',
      expires_in: 900,
      refresh_expires_in: 30 * 86_400,
      scope: 'orders:read orders:write account',
    });
    expect(setCookie(answer)).toMatch(
      /^__Secure-refresh_token=[\w-]{43}; Max-Age=2592000; Path=\/tenant\/auth; HttpOnly; Secure; SameSite=Strict$/,
    );
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['access-control-allow-credentials']).toBe('true');
  });

  it.each([
    ['http://localhost:3000', 'refresh_token', ''],
    ['http://127.0.0.1:3000', 'refresh_token', ''],
    ['http://[::1]:3000', 'refresh_token', ''],
    ['http://auth.internal', '__Secure-refresh_token', ' Secure;'],
    ['https://localhost:3000', '__Secure-refresh_token', ' Secure;'],
  ])('at %s names the cookie %s', (ISSUER, name, secure) => {
    const header = vi.fn();
    const cookie = new RefreshCookie(
      readConfig({ DATABASE_URL: auth.databaseUrl, ISSUER }),
      auth.get(ReferenceTokens),
    );
    cookie.clear({ header } as unknown as FastifyReply);
    const attributes = `Path=/auth; HttpOnly;${secure} SameSite=Strict`;
    expect(header.mock.calls).toEqual([['set-cookie', `${name}=; Max-Age=0; ${attributes}`]]);
  });

  it.each([PAGE, 'https://evil.example'])(
    'is what a login without it is not, also on the page %s',
    async (origin) => {
      const answer = await login({ origin }, { delivery: 'body' });
      expect(setCookie(answer)).toBeUndefined();
      expect(answer.body).toHaveProperty('refresh_token');
    },
  );

  it('is what a login with another one is not', async () => {
    for (const delivery of ['Cookie', '', null, ['cookie'], true]) {
      const refused = await login(undefined, { delivery });
      expect(refused).toMatchObject({ status: 400, body: { errors: [{ path: 'delivery' }] } });
    }
  });

  // threat:login-csrf
  it.each<[string, Record<string, string>]>([
    ['another origin', { origin: 'https://evil.example' }],
    ['a sibling domain', { origin: 'https://evil.example.com', 'sec-fetch-site': 'same-site' }],
    ['a sandboxed page', { origin: 'null' }],
    ['another scheme', { origin: 'http://app.example.com' }],
    ['a page that is not named', { 'sec-fetch-site': 'cross-site' }],
  ])('is refused to %s, before the password is looked at', async (_name, headers) => {
    const answer = await login(headers, { password: 'not the password' });
    expect(answer).toMatchObject({ status: 403, body: { code: 'cross_site_request' } });
    expect(setCookie(answer)).toBeUndefined();
  });

  it('that fails sets no cookie', async () => {
    const answer = await login(undefined, { password: 'not the password' });
    expect(answer).toMatchObject({ status: 401, body: { code: 'invalid_credentials' } });
    expect(setCookie(answer)).toBeUndefined();
  });
});

describe('a refresh with the cookie', () => {
  let kept: string | undefined;

  it.each<[string, unknown]>([
    ['no body', undefined],
    ['an empty body', ''],
    ['an empty object', {}],
    ['a scope alone', { scope: 'orders:read' }],
  ])('and %s sets the next one', async (_name, body) => {
    const token = await newCookie();
    const answer = await post('refresh', withCookie(token), body);
    expect(answer.status).toBe(200);
    expect(answer.body).not.toHaveProperty('refresh_token');
    expect(answer.body.scope).toBe(
      _name === 'a scope alone' ? 'orders:read' : 'orders:read orders:write account',
    );
    const next = tokenIn(answer);
    expect(next).not.toBe(token);
    expect(setCookie(answer)).toMatch(/; Path=\/tenant\/auth; HttpOnly; Secure; SameSite=Strict$/);
    expect((await post('refresh', withCookie(next))).status).toBe(200);
  });

  it('gets the same one again within the window, and ends the session after it', async () => {
    const token = await newCookie();
    const first = await post('refresh', withCookie(token));
    const again = await post('refresh', withCookie(token));
    expect(tokenIn(again)).toBe(tokenIn(first));
    expect(again.body.access_token).toBe(first.body.access_token);
    auth.clock.advance(11_000);
    const reused = await post('refresh', withCookie(token));
    expect(reused).toMatchObject({ status: 401, body: { code: 'refresh_token_reused' } });
    // A login in another tab may have set a new one meanwhile.
    expect(setCookie(reused)).toBeUndefined();
    await isDead(tokenIn(first), first.body.access_token);
    auth.clock.reset();
  });

  it('uses the token of the body if there is one, and leaves the cookie alone', async () => {
    const kept = await newCookie();
    const { refresh_token: sent } = await auth.login(email);
    const answer = await post('refresh', withCookie(kept), { refresh_token: sent });
    expect(answer.status).toBe(200);
    expect(answer.body).toHaveProperty('refresh_token');
    expect(setCookie(answer)).toBeUndefined();
    expect((await post('refresh', withCookie(kept))).status).toBe(200);
  });

  it.each<[string, (token: string) => string, number]>([
    ['of another name', (token) => `refresh_token=${token}`, 400],
    ['in other letters', (token) => `__secure-refresh_token=${token}`, 400],
    ['that is empty', () => `${NAME}=`, 400],
    ['in quotes', (token) => `${NAME}="${token}"`, 401],
    ['percent-encoded', (token) => `${NAME}=%${token}`, 401],
    ['that is huge', () => `${NAME}=${'x'.repeat(8_000)}`, 401],
    ['that was made up', () => `${NAME}=${'A'.repeat(43)}`, 401],
    // threat:cookie-tossing
    ['beside another one', (token) => `${NAME}=${'A'.repeat(43)}; ${NAME}=${token}`, 400],
    ['sent twice', (token) => `${NAME}=${token};${NAME}=${token}`, 400],
  ])('refuses one %s', async (_name, cookie, status) => {
    kept ??= await newCookie();
    const answer = await post('refresh', withCookie(kept, { cookie: cookie(kept) }));
    expect(answer.status).toBe(status);
    expect(answer.body.code).toBe(status === 400 ? 'invalid_input' : 'refresh_token_invalid');
    expect(setCookie(answer)).toBeUndefined();
  });

  it('finds one among others', async () => {
    const token = kept ?? (await newCookie());
    const cookie = `a=b; x${NAME}=1;  ${NAME}=${token} ;c="d"; ${NAME}=`;
    expect((await post('refresh', withCookie(token, { cookie }))).status).toBe(200);
  });

  it('is nothing that the OAuth endpoint knows', async () => {
    const answer = await auth.call<{ error: string }>('POST', '/oauth/token', {
      headers: {
        ...withCookie(await newCookie()),
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=refresh_token',
    });
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect(setCookie(answer)).toBeUndefined();
  });
});

describe('a logout with the cookie', () => {
  it.each<[string, unknown]>([
    ['no body', undefined],
    ['an empty body', ''],
    ['an empty object', {}],
  ])('and %s ends the session and clears the cookie', async (_name, body) => {
    const session = await login();
    const token = tokenIn(session);
    const answer = await post('logout', withCookie(token), body);
    expect(answer.status).toBe(204);
    expect(setCookie(answer)).toBe(
      `${NAME}=; Max-Age=0; Path=/tenant/auth; HttpOnly; Secure; SameSite=Strict`,
    );
    await isDead(token, session.body.access_token);
    // Twice is once.
    expect((await post('logout', withCookie(token))).status).toBe(204);
  });

  it('and an access token ends the sessions of both', async () => {
    const cookie = await login();
    const other = await auth.login(email);
    const authorization = `Bearer ${other.access_token}`;
    const answer = await post('logout', withCookie(tokenIn(cookie), { authorization }));
    expect(answer.status).toBe(204);
    expect(tokenIn(answer)).toBe('');
    await isDead(other.refresh_token, other.access_token);
    await isDead(tokenIn(cookie), cookie.body.access_token);
  });

  // threat:cookie-tossing
  it('beside another one is refused, and ends neither session', async () => {
    const [token, tossed] = [await newCookie(), await newCookie()];
    const cookie = `${NAME}=${tossed}; ${NAME}=${token}`;
    const answer = await post('logout', withCookie(token, { cookie }));
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    for (const each of [token, tossed]) {
      expect((await post('refresh', withCookie(each))).status).toBe(200);
    }
  });

  // threat:cookie-tossing
  it('beside another one and an access token ends the session of the access token only', async () => {
    const { access_token: accessToken, refresh_token: refreshToken } = await auth.login(email);
    const [token, tossed] = [await newCookie(), await newCookie()];
    const cookie = `${NAME}=${tossed}; ${NAME}=${token}`;
    const authorization = `Bearer ${accessToken}`;
    const answer = await post('logout', withCookie(token, { cookie, authorization }));
    expect(answer.status).toBe(204);
    expect(setCookie(answer)).toBeUndefined();
    await isDead(refreshToken, accessToken);
    for (const each of [token, tossed]) {
      expect((await post('refresh', withCookie(each))).status).toBe(200);
    }
  });

  it('and a bad access token does nothing', async () => {
    const token = await newCookie();
    const authorization = 'Bearer e30.e30.e30';
    const answer = await post('logout', withCookie(token, { authorization }));
    expect(answer).toMatchObject({ status: 401, body: { code: 'token_invalid' } });
    expect((await post('refresh', withCookie(token))).status).toBe(200);
  });

  it('is written down as the logout of its user', async () => {
    const session = await login();
    await post('logout', withCookie(tokenIn(session)));
    const [, payload = ''] = session.body.access_token.split('.');
    const { sid, sub } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
      readonly [claim: string]: string;
    };
    const events = await auth.dataSource.query<object[]>(
      `SELECT action, actor, detail FROM audit_events WHERE subject = $1 ORDER BY id`,
      [sid],
    );
    expect(events).toMatchObject([
      { action: 'session.started' },
      { action: 'session.ended', actor: sub, detail: { reason: 'logout' } },
    ]);
  });
});

it('no refresh token of a cookie is ever logged', async () => {
  const token = await newCookie();
  await post('refresh', { ...withCookie(token), origin: 'https://evil.example' });
  const next = tokenIn(await post('refresh', withCookie(token)));
  for (const secret of [token, next]) expect(auth.log.join('')).not.toContain(secret);
});
