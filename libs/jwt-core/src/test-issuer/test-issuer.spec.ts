import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { IssuerMetadata } from '../issuer/issuer-metadata.js';
import { parseJwkSet } from '../keys/jwk-set.js';
import { jwksFingerprint } from '../keys/jwks-fingerprint.js';
import { CurrentPrincipal, RequireScopes } from '../nest/decorators.js';
import { JwtCoreModule } from '../nest/jwt-core.module.js';
import { JwtGuard } from '../nest/jwt.guard.js';
import { HttpRevocationSource } from '../revocation/http-revocation-source.js';
import { revocationSourceContract } from '../revocation/revocation-source-contract.fixture.js';
import type { RevocationBatch } from '../revocation/revocation-source.js';
import type { Principal } from '../verifier/claims.js';
import { generateSigningKey, type SigningKey } from './access-token.js';
import { TestIssuer } from './test-issuer.js';

let key: SigningKey;
beforeAll(async () => {
  key = await generateSigningKey();
});

revocationSourceContract('TestIssuer, over HTTP,', async () => {
  const issuers = [
    await TestIssuer.start({ keys: [key] }),
    await TestIssuer.start({ keys: [key] }),
  ];
  const [own, other] = issuers as [TestIssuer, TestIssuer];
  const metadata = new IssuerMetadata({ issuer: own.issuer });
  return {
    source: new HttpRevocationSource(metadata),
    revoke: async (revocations) => own.revocations.add(revocations),
    foreignCursor: async () => (await other.revocations.read(undefined, { waitSeconds: 0 })).cursor,
    close: async () => {
      metadata.close();
      await Promise.all(issuers.map((issuer) => issuer.close()));
    },
  };
});

describe('TestIssuer', () => {
  let auth: TestIssuer;
  beforeEach(async () => {
    auth = await TestIssuer.start({ keys: [key] });
  });
  afterEach(() => auth.close());

  const jwks = () => `${auth.issuer}/.well-known/jwks.json`;
  const feed = (query = '') => `${auth.issuer}/revocations${query}`;
  const json = async <T>(url: string) => (await fetch(url)).json() as Promise<T>;
  const batch = (query?: string) => json<RevocationBatch>(feed(query));
  const kids = async () =>
    Array.from(parseJwkSet(await json(jwks()), ['RS256']).keys, ({ kid }) => kid);
  const verify = (token: string) =>
    jwtVerify(token, createRemoteJWKSet(new URL(jwks())), {
      issuer: auth.issuer,
      audience: auth.audience,
      typ: 'at+jwt',
      algorithms: ['RS256'],
      requiredClaims: ['sub', 'client_id', 'iat', 'exp', 'jti', 'sid', 'scope', 'roles'],
    });

  it('mints tokens that a verifier of other hands accepts, each with its own jti', async () => {
    const [one, two] = [await verify(auth.mint()), await verify(auth.mint())];
    expect(one.protectedHeader).toEqual({ alg: 'RS256', typ: 'at+jwt', kid: auth.kid });
    expect(one.payload.exp! - one.payload.iat!).toBe(900);
    expect(one.payload.jti).not.toBe(two.payload.jti);
  });

  it('replaces any claim and header parameter, and leaves out those that are undefined', () => {
    const token = auth.mint({ sub: 'ada', exp: '1', sid: undefined }, { typ: undefined, crit: [] });
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({ sub: 'ada', exp: '1', iss: auth.issuer, aud: 'api' });
    expect(claims).not.toHaveProperty('sid');
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'RS256', kid: auth.kid, crit: [] });
  });

  it('issues tokens for the given audience', async () => {
    const other = await TestIssuer.start({ keys: [key], audience: 'reports' });
    expect(decodeJwt(other.mint()).aud).toBe('reports');
    await other.close();
  });

  it('has a key of its own unless it is given some', async () => {
    const other = await TestIssuer.start();
    const foreign = other.mint({ iss: auth.issuer }, { kid: auth.kid });
    await other.close();
    await expect(verify(foreign)).rejects.toMatchObject({
      code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    });
  });

  it('has a key that no other open issuer has, and uses that of a closed one again', async () => {
    const exported = ({ signingKey }: TestIssuer) => signingKey.publicKey.export({ format: 'jwk' });
    const [one, two] = [await TestIssuer.start(), await TestIssuer.start()];
    const closed = { key: exported(one), kid: one.kid };
    expect(exported(two)).not.toEqual(closed.key);
    await one.close();
    await one.close();
    const [next, another] = [await TestIssuer.start(), await TestIssuer.start()];
    expect(exported(next)).toEqual(closed.key);
    expect(next.kid).not.toBe(closed.kid);
    for (const open of [two, next]) expect(exported(another)).not.toEqual(exported(open));
    for (const issuer of [two, next, another]) await issuer.close();
  });

  it('mints by its own clock', async () => {
    auth.clock.advance(-3_600_000);
    await expect(verify(auth.mint())).rejects.toMatchObject({ code: 'ERR_JWT_EXPIRED' });
    auth.clock.advance(3_600_000);
    await verify(auth.mint());
  });

  it('publishes the metadata of the contract', async () => {
    const answer = await fetch(`${auth.issuer}/.well-known/oauth-authorization-server`);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toMatchObject({
      issuer: auth.issuer,
      jwks_uri: jwks(),
      revocation_feed: feed(),
    });
    expect((await fetch(jwks())).headers.get('cache-control')).toBe('public, max-age=300');
    expect((await fetch(feed())).headers.get('cache-control')).toBe('no-store');
    expect((await fetch(`${auth.issuer}/other`)).status).toBe(404);
    expect((await fetch(jwks(), { method: 'POST' })).status).toBe(404);
  });

  it('publishes nothing private, and the fingerprint of what it publishes', async () => {
    const published = await json<{ keys: object[] }>(jwks());
    const members = ['alg', 'e', 'kid', 'kty', 'n', 'use'];
    expect(Object.keys(published.keys[0]!).sort()).toEqual(members);
    expect((await batch()).jwks).toBe(jwksFingerprint(parseJwkSet(published, ['RS256']).keys));
  });

  it('fills in what a revocation needs', async () => {
    const nowSeconds = Math.floor(auth.clock.now() / 1000);
    const exp = expect.closeTo(nowSeconds + 86_400, -1) as number;
    expect(await auth.revoke({ kind: 'sid', id: 'one' })).toEqual({ kind: 'sid', id: 'one', exp });
    const before = expect.closeTo(nowSeconds, -1) as number;
    const client = await auth.revoke({ kind: 'client', id: 'web' });
    expect(client).toEqual({ kind: 'client', id: 'web', exp, before, tokenVersion: 1 });
    const exact = { kind: 'client', id: 'web', exp: nowSeconds + 5, before: 7 } as const;
    expect(await auth.revoke(exact)).toEqual(exact);
  });

  it('publishes a revocation at once', async () => {
    const { cursor } = await batch();
    const waiting = batch(`?after=${cursor}&wait=25`);
    await expect.poll(() => auth.requests('feed')).toBe(2);
    const revocation = auth.revoke({ kind: 'jti', id: randomUUID() });
    expect((await waiting).entries).toEqual([await revocation]);
  });

  it.each(['', '&wait=', '&wait=x', '&wait=-1', '&wait=0'])(
    'answers without waiting when asked with %j',
    async (wait) => {
      const { cursor } = await batch();
      expect(await batch(`?after=${cursor}${wait}`)).toMatchObject({ reset: false, entries: [] });
    },
  );

  it('waits for 25 seconds at most, and no longer than its client', async () => {
    const read = vi.spyOn(auth.revocations, 'read');
    const { cursor } = await batch();
    const client = new AbortController();
    const waiting = fetch(feed(`?after=${cursor}&wait=1000`), { signal: client.signal });
    await expect.poll(() => read.mock.calls.length).toBe(2);
    expect(read.mock.lastCall).toMatchObject([cursor, { waitSeconds: 25 }]);
    client.abort();
    await expect(waiting).rejects.toThrow();
    await expect(read.mock.results[1]?.value).rejects.toThrow();
  });

  it('signs with a new key after a rotation, and publishes the old one still', async () => {
    const old = { kid: auth.kid, token: auth.mint() };
    const { cursor, jwks: before } = await batch();
    const waiting = batch(`?after=${cursor}&wait=25`);
    await expect.poll(() => auth.requests('feed')).toBe(2);
    expect(await auth.rotateKey()).toBe(auth.kid);
    expect(auth.kid).not.toBe(old.kid);
    expect((await waiting).jwks).not.toBe(before);
    expect(await kids()).toEqual([auth.kid, old.kid]);
    await verify(auth.mint());
    await verify(old.token);
  });

  // A service in FIPS mode refuses any smaller exponent.
  it('makes keys with the exponent 65,537, which FIPS 186 asks for', async () => {
    await auth.withdraw(auth.kid);
    const { keys } = await json<{ keys: { e: string }[] }>(jwks());
    expect(keys).toMatchObject([{ e: 'AQAB' }]);
    expect((await generateSigningKey()).publicKey.export({ format: 'jwk' }).e).toBe('AQAB');
  });

  it.each(['PS256', 'ES256', 'EdDSA'] as const)(
    'makes new keys for the algorithm of the one that signs: %s',
    async (algorithm) => {
      const key = await generateSigningKey(algorithm);
      const issuer = await TestIssuer.start({ keys: [key] });
      const algorithmNow = () => decodeProtectedHeader(issuer.mint()).alg;
      await issuer.rotateKey();
      expect(algorithmNow()).toBe(algorithm);
      await issuer.withdraw(key.kid);
      await issuer.withdraw(issuer.kid);
      expect(algorithmNow()).toBe(algorithm);
      await issuer.close();
    },
  );

  it('withdraws a key: revoked, unpublished, and another one signs', async () => {
    const { kid } = auth;
    await auth.withdraw(kid);
    expect(await kids()).toEqual([auth.kid]);
    expect(auth.kid).not.toBe(kid);
    expect((await batch()).entries).toMatchObject([{ kind: 'kid', id: kid }]);
    await verify(auth.mint());
  });

  it('withdraws a key that no longer signs, and goes on with the one that does', async () => {
    const old = auth.kid;
    const active = await auth.rotateKey();
    await auth.withdraw(old);
    expect(await kids()).toEqual([active]);
    await expect(auth.withdraw(old)).rejects.toThrow(RangeError);
    expect(auth.kid).toBe(active);
  });
});

describe('TestIssuer, failing', () => {
  let auth: TestIssuer;
  beforeEach(async () => {
    auth = await TestIssuer.start({ keys: [key] });
  });
  afterEach(() => auth.close());

  const get = (path: string) => fetch(auth.issuer + path);
  /** Begins to wait on the feed, and gives what becomes of it. */
  async function waitOnFeed() {
    const { cursor } = (await (await get('/revocations')).json()) as RevocationBatch;
    const waiting = get(`/revocations?after=${cursor}&wait=25`);
    const outcome = waiting.then(
      ({ status }) => status,
      () => 'cut',
    );
    await expect.poll(() => auth.requests('feed')).toBe(2);
    return { outcome };
  }

  it('refuses with 503 until repaired', async () => {
    auth.fail('jwks', 'refuse');
    expect((await get('/.well-known/jwks.json')).status).toBe(503);
    expect((await get('/revocations')).status).toBe(200);
    auth.repair('jwks');
    expect((await get('/.well-known/jwks.json')).status).toBe(200);
    expect(auth.requests('jwks')).toBe(2);
  });

  it('cuts all connections when all of it is down, also those that wait', async () => {
    const { outcome } = await waitOnFeed();
    auth.fail('all');
    expect(await outcome).toBe('cut');
    await expect(get('/.well-known/oauth-authorization-server')).rejects.toThrow();
    auth.repair();
    expect((await get('/.well-known/oauth-authorization-server')).status).toBe(200);
  });

  it('hangs, and answers once it is repaired', async () => {
    auth.fail('feed', 'hang');
    const answers: number[] = [];
    const hanging = get('/revocations').then(({ status }) => answers.push(status));
    await expect.poll(() => auth.requests('feed')).toBe(1);
    await get('/.well-known/jwks.json');
    expect(answers).toEqual([]);
    auth.repair();
    await hanging;
    expect(answers).toEqual([200]);
  });

  it('answers whatever a test wants', async () => {
    auth.fail('jwks', (_, response) => response.writeHead(418).end('<html>'));
    const answer = await get('/.well-known/jwks.json');
    expect([answer.status, await answer.text()]).toEqual([418, '<html>']);
  });

  it('answers an address without a path, and outlives a caller who leaves in the middle', async () => {
    expect((await fetch(`${auth.issuer}//`)).status).toBe(404);
    const half = request(`${auth.issuer}/oauth/token`, {
      method: 'POST',
      headers: { 'content-length': 100 },
    });
    half.on('error', () => {});
    half.write('grant_type');
    await expect.poll(() => auth.requests('token')).toBe(1);
    half.destroy();
    // A rejection that nobody handles would fail the run.
    expect((await fetch(`${auth.issuer}/.well-known/jwks.json`)).status).toBe(200);
  });

  it('ends requests that wait when it is closed, once or twice', async () => {
    const { outcome } = await waitOnFeed();
    await auth.close();
    await auth.close();
    expect(await outcome).toBe('cut');
  });
});

@Controller('orders')
@UseGuards(JwtGuard)
class OrdersController {
  @Get()
  @RequireScopes('orders:read')
  list(@CurrentPrincipal() customer: Principal) {
    return { customer: customer.subject };
  }
}

// The example in the documentation of TestIssuer, with a controller of its own.
it('tests a service without any change to it', async () => {
  const auth = await TestIssuer.start();
  const module = await Test.createTestingModule({
    imports: [JwtCoreModule.forRoot({ issuer: auth.issuer, audience: auth.audience })],
    controllers: [OrdersController],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  const orders = `${await app.getUrl()}/orders`;

  const token = auth.mint({ sub: 'ada', scope: 'orders:read', jti: 'one' });
  const status = async () =>
    (await fetch(orders, { headers: { authorization: `Bearer ${token}` } })).status;
  await expect.poll(status).toBe(200);
  await auth.revoke({ kind: 'jti', id: 'one' });
  await expect.poll(status).toBe(401);

  const other = auth.mint({ sub: 'ada', scope: 'orders:read' });
  const answer = await fetch(orders, { headers: { authorization: `Bearer ${other}` } });
  expect(await answer.json()).toEqual({ customer: 'ada' });
  await app.close();
  await auth.close();
});
