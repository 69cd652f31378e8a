import { beforeAll, describe, expect, it } from 'vitest';

import { hashSecret } from '../crypto/secret.js';
import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';

const PAGE = 'https://app.example.com';
const NAME = '__Secure-refresh_token';
const JSON_TYPE = { 'content-type': 'application/json' };
const EMAIL = 'cookies@example.com';

const ISSUER = 'https://auth.example.com/tenant';
const auth = AuthApp.forFile({ ISSUER, CORS_ORIGINS: PAGE });
beforeAll(async () => void (await auth.register(EMAIL)));

async function newCookie(): Promise<string> {
  const body = { email: EMAIL, password: PASSWORD, delivery: 'cookie' };
  const answer = await auth.call('POST', '/auth/login', { body, headers: { origin: PAGE } });
  const set = String(answer.headers['set-cookie']);
  const [, token] = /^__Secure-refresh_token=([\w-]{43});/.exec(set) ?? [];
  if (token === undefined) throw new Error(`no cookie: ${JSON.stringify(answer)}`);
  return token;
}

const post = (path: 'refresh' | 'logout', headers: Record<string, string>, body?: unknown) =>
  auth.call('POST', `/auth/${path}`, { headers, body });

async function sessionOf(token: string): Promise<object | undefined> {
  const [row] = await auth.dataSource.query<object[]>(
    `SELECT ended_at, replaced_at FROM refresh_tokens
     JOIN sessions ON sessions.id = session_id WHERE hash = $1`,
    [hashSecret(token)],
  );
  return row;
}

// threat:cross-site-request-forgery
describe.each(['refresh', 'logout'] as const)('with the cookie, a %s', (path) => {
  const cookie = (token: string) => ({ cookie: `${NAME}=${token}` });
  const done = path === 'refresh' ? 200 : 204;
  let attacked: string;
  beforeAll(async () => {
    attacked = await newCookie();
  });

  it.each<[string, Record<string, string>, string?]>([
    ['another origin', { ...JSON_TYPE, origin: 'https://evil.example' }],
    ['a sibling domain', { ...JSON_TYPE, 'sec-fetch-site': 'same-site' }],
    ['no page', JSON_TYPE],
    ['our page without a type', { origin: PAGE }],
    [
      'our page as a form',
      { origin: PAGE, 'content-type': 'application/x-www-form-urlencoded' },
      'a=b',
    ],
    ['our page as text', { origin: PAGE, 'content-type': 'text/plain' }, '{}'],
    ['our page as nearly JSON', { origin: PAGE, 'content-type': 'application/jsonp' }, '{}'],
    [
      'our page as text that claims JSON',
      { origin: PAGE, 'content-type': 'text/plain; a=application/json' },
      '{}',
    ],
  ])('from %s is refused', async (_name, headers, body) => {
    const answer = await post(path, { ...headers, ...cookie(attacked) }, body);
    expect(answer).toMatchObject({ status: 403, body: { code: 'cross_site_request' } });
    expect(answer.headers['content-type']).toMatch('application/problem+json');
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('that was refused has changed nothing', async () => {
    const session = await sessionOf(attacked);
    expect(session).toMatchObject({ ended_at: null, replaced_at: null });
  });

  it.each<[string, Record<string, string>]>([
    ['our own page', { ...JSON_TYPE, 'sec-fetch-site': 'same-origin' }],
    ['JSON in other words', { origin: PAGE, 'content-type': 'Application/JSON ; charset=utf-8' }],
  ])('from %s is accepted', async (_name, headers) => {
    const token = await newCookie();
    const answer = await post(path, { ...headers, ...cookie(token) });
    expect(answer.status).toBe(done);
  });
});

it('a refresh with neither is bad input, and a logout with neither has no token', async () => {
  for (const headers of [{}, JSON_TYPE, { ...JSON_TYPE, origin: 'https://evil.example' }]) {
    expect(await post('refresh', headers)).toMatchObject({
      status: 400,
      body: { code: 'invalid_input', errors: [{ path: 'refresh_token' }] },
    });
    expect(await post('logout', headers)).toMatchObject({
      status: 401,
      body: { code: 'token_missing' },
      headers: { 'www-authenticate': 'Bearer' },
    });
  }
});

it('the document of the API names the cookie answers and their refusal', async () => {
  const { body } = await auth.call<{ paths: Record<string, { post: { responses: object } }> }>(
    'GET',
    '/docs-json',
  );
  for (const path of ['/auth/login', '/auth/refresh', '/auth/logout']) {
    const { responses } = body.paths[path]?.post ?? {};
    expect(JSON.stringify(responses)).toContain('cross_site_request');
    expect(responses).toHaveProperty(['403', 'content', 'application/problem+json']);
    if (path !== '/auth/logout') {
      expect(JSON.stringify(responses)).toContain('CookieTokenResponse');
    }
  }
});
