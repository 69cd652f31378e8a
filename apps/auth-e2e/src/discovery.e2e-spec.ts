import { call, type Answer, DEMO } from '@jwt-auth/dev-stack';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { decode, login, newSession } from './users.js';
import { Stack } from './stack.js';

interface Page {
  cursor: string;
  reset: boolean;
  more: boolean;
  jwks: string;
  entries: { kind: string; id: string; exp: number }[];
}

let stack: Stack;
let here: string;
let there: string;

beforeAll(async () => {
  stack = await Stack.shared();
  [here, there] = [stack.auth(0), stack.auth(1)];
});

const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
const feed = (query = '', auth = here): Promise<Answer<Page>> =>
  call(`${auth}/revocations${query}`);
const keys = async (auth = here) =>
  (await call<JSONWebKeySet>(`${auth}/.well-known/jwks.json`)).body;
const logout = (token: string) => call(`${here}/auth/logout`, { method: 'POST', token });

/** Ends a new session, and returns its id. */
async function revokedSession(): Promise<string> {
  const { access_token: token } = await newSession(here);
  expect((await logout(token)).status).toBe(204);
  return decode(token).payload['sid'] as string;
}

describe('the metadata', () => {
  it('publishes where keys and revocations are, under the issuer of every process', async () => {
    const path = '/.well-known/oauth-authorization-server';
    const { status, headers, body } = await call(here + path);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch('application/json');
    expect(body).toMatchObject({
      issuer: here,
      jwks_uri: `${here}/.well-known/jwks.json`,
      revocation_feed: `${here}/revocations`,
      scopes_supported: expect.arrayContaining([
        ...['orders:read', 'orders:write', 'admin', 'account'],
      ]) as string[],
    });
    expect((await call(there + path)).body).toEqual(body);
  });
});

describe('the published keys', () => {
  it('are the active and the next one, public members only, the same everywhere', async () => {
    const { status, headers, body } = await call<JSONWebKeySet>(`${here}/.well-known/jwks.json`);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('public, max-age=300');
    expect(headers.get('content-type')).toMatch('application/json');
    expect(Object.keys(body)).toEqual(['keys']);
    expect(body.keys).toHaveLength(2);
    for (const key of body.keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
      expect(key).toMatchObject({ kty: 'RSA', alg: 'RS256', use: 'sig' });
      expect(Buffer.from(key.n ?? '', 'base64url').length).toBeGreaterThanOrEqual(256);
    }
    expect(await keys(there)).toEqual(body);
  });
});

describe('an access token', () => {
  it('says exactly what it must, in the form of RFC 9068', async () => {
    const { access_token: token } = await newSession(here);
    const { header, payload } = decode(token);
    const kids = (await keys()).keys.map(({ kid }) => kid);
    expect(header).toEqual({
      alg: 'RS256',
      typ: 'at+jwt',
      kid: expect.toSatisfy((kid) => kids.includes(kid as string)) as string,
    });
    const now = Date.now() / 1000;
    const iat = payload['iat'] as number;
    expect(Math.abs(iat - now)).toBeLessThan(60);
    expect(payload).toEqual({
      iss: here,
      sub: expect.stringMatching(UUID) as string,
      aud: 'api',
      client_id: 'web',
      iat,
      exp: iat + 900,
      jti: expect.stringMatching(UUID) as string,
      sid: expect.stringMatching(UUID) as string,
      auth_time: expect.closeTo(now, -2) as number,
      amr: ['pwd'],
      acr: 'pwd',
      scope: 'orders:read orders:write account',
      roles: ['user'],
      token_version: 0,
    });
  });

  it('of an administrator has that scope and role as well', async () => {
    const { access_token: token } = await login(there, DEMO.admin.email, DEMO.password);
    expect(decode(token).payload).toMatchObject({
      scope: 'orders:read orders:write admin account',
      roles: ['user', 'admin'],
    });
  });

  it('of one process verifies with the keys of the other, with jose', async () => {
    const { access_token: token } = await newSession(there);
    const { protectedHeader } = await jwtVerify(token, createLocalJWKSet(await keys(here)), {
      issuer: here,
      audience: 'api',
      typ: 'at+jwt',
      algorithms: ['RS256'],
    });
    expect(protectedHeader.typ).toBe('at+jwt');
  });

  it('has a jti of its own', async () => {
    const email = (await newSession(here)).email;
    const tokens = [await login(here, email), await login(there, email)];
    const ids = tokens.map(({ access_token: token }) => decode(token).payload['jti']);
    expect(new Set(ids).size).toBe(2);
  });
});

describe('the feed of revocations', () => {
  it('gives a client without a cursor a snapshot, which no cache may keep', async () => {
    const sid = await revokedSession();
    const { status, headers, body } = await feed();
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(Object.keys(body).sort()).toEqual(['cursor', 'entries', 'jwks', 'more', 'reset']);
    expect([body.reset, body.more]).toEqual([true, false]);
    const entry = body.entries.find(({ id }) => id === sid);
    expect(entry).toEqual({ kind: 'sid', id: sid, exp: expect.any(Number) as number });
    expect(entry!.exp).toBeGreaterThan(Date.now() / 1000 + 800);
  });

  it('then gives only new entries, at any process', async () => {
    const { cursor } = (await feed()).body;
    const sids = [await revokedSession(), await revokedSession()];
    const { body } = await feed(`?after=${encodeURIComponent(cursor)}`, there);
    expect(body.reset).toBe(false);
    expect(body.entries.map(({ id }) => id).sort()).toEqual(sids.sort());
    const again = await feed(`?after=${encodeURIComponent(body.cursor)}`);
    expect(again.body).toMatchObject({ reset: false, entries: [] });
  });

  it('answers a waiting read as soon as there is an entry, also at the other process', async () => {
    const { access_token: token } = await newSession(here);
    const { cursor } = (await feed()).body;
    const asked = performance.now();
    const waiting = feed(`?after=${encodeURIComponent(cursor)}&wait=25`, there);
    await logout(token);
    const { body } = await waiting;
    expect(performance.now() - asked).toBeLessThan(20_000);
    expect(body.entries.map(({ id }) => id)).toEqual([decode(token).payload['sid']]);
  });

  it('answers a read that times out with no entries', async () => {
    const { cursor } = (await feed()).body;
    const asked = performance.now();
    const { body } = await feed(`?after=${encodeURIComponent(cursor)}&wait=1`);
    expect(performance.now() - asked).toBeGreaterThan(900);
    expect(body).toMatchObject({ reset: false, more: false, entries: [] });
  });

  it.each([
    ['no cursor at all', 'after='],
    ['nonsense', 'after=nonsense'],
    ['the beginning of a cursor', 'after=CURSOR'],
    ['something long', `after=${'x'.repeat(4000)}`],
    ['two cursors', 'after=a&after=b'],
    ['a statement', "after=';DROP TABLE revoked_tokens;--"],
    ['a zero byte', 'after=%00'],
  ])('answers %s with a snapshot, at once, and never an error', async (_name, query) => {
    const sid = await revokedSession();
    const { cursor } = (await feed()).body;
    const beginning = encodeURIComponent(cursor.slice(0, 10));
    const { status, body } = await feed(`?${query.replace('CURSOR', beginning)}&wait=20`);
    expect(status).toBe(200);
    expect(body.reset).toBe(true);
    expect(body.entries.map(({ id }) => id)).toContain(sid);
  });

  it.each(['wait=-1', 'wait=x', 'wait=', 'wait=NaN', 'wait=1&wait=2'])(
    'answers at once with the invalid %s',
    async (query) => {
      const { cursor } = (await feed()).body;
      const { status, body } = await feed(`?after=${encodeURIComponent(cursor)}&${query}`);
      expect([status, body.reset]).toEqual([200, false]);
    },
  );
});
