import {
  createHmac,
  createPublicKey,
  randomBytes,
  randomUUID,
  sign,
  type JsonWebKey,
} from 'node:crypto';
import { request } from 'node:http';
import { call, type RunningApp } from '@jwt-auth/dev-stack';
import { generateSigningKey, TestIssuer } from '@jwt-auth/jwt-core/testing';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startOrders } from './orders-service.js';

let issuer: TestIssuer;
let stranger: TestIssuer;
let orders: RunningApp;

beforeAll(async () => {
  issuer = await TestIssuer.start();
  stranger = await TestIssuer.start();
  orders = await startOrders(issuer.issuer);
});
afterAll(async () => {
  await orders?.stop();
  await Promise.all([issuer?.close(), stranger?.close()]);
});

const reader = { scope: 'orders:read' };
const now = () => Math.floor(Date.now() / 1000);
const list = (token: string) => call(`${orders.url}/orders`, { token });
const segments = (token: string) => token.split('.') as [string, string, string];
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token whose header is `header` to the letter and whose HMAC secret is the public key. */
function signedWithPublicKey(header: object, publicKey: string | Buffer): string {
  const [, payload] = segments(issuer.mint(reader));
  const input = `${encode(header)}.${payload}`;
  return `${input}.${createHmac('sha256', publicKey).update(input).digest('base64url')}`;
}

/** The issuer's public key, from its JWKS. */
async function publicKeyPem(): Promise<string> {
  const { body } = await call(`${issuer.issuer}/.well-known/jwks.json`);
  const [key] = body['keys'] as [JsonWebKey];
  return createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();
}

describe('a token that is right', () => {
  it.each([
    ['as it is issued', () => issuer.mint(reader)],
    ['with several audiences', () => issuer.mint({ ...reader, aud: ['other', 'api'] })],
    ['with the long form of typ', () => issuer.mint(reader, { typ: 'application/at+JWT' })],
    ['of a service, without a session', () => issuer.mint({ ...reader, sid: undefined })],
    [
      'just expired, within the tolerance',
      () => issuer.mint({ ...reader, iat: now() - 900, exp: now() - 2 }),
    ],
  ])('is accepted: %s', async (_name, mint) => {
    const { status, headers } = await list(mint());
    expect(status).toBe(200);
    expect(headers.get('x-request-id')).toMatch(/\S/);
  });
});

describe('a token that is wrong in anything', () => {
  const cases: [string, () => string | Promise<string>][] = [
    ...['iss', 'sub', 'aud', 'exp', 'iat', 'jti', 'client_id'].map(
      (claim): [string, () => string] => [
        `without ${claim}`,
        () => issuer.mint({ ...reader, [claim]: undefined }),
      ],
    ),
    ['for another audience', () => issuer.mint({ ...reader, aud: 'other' })],
    ['whose audience is a part of ours', () => issuer.mint({ ...reader, aud: ['ap', 'apis'] })],
    ['of another issuer, by its key', () => stranger.mint(reader)],
    [
      'of another issuer, in our name',
      () => stranger.mint({ ...reader, iss: issuer.issuer, aud: 'api' }, { kid: issuer.kid }),
    ],
    ['in the name of another issuer', () => issuer.mint({ ...reader, iss: stranger.issuer })],
    ['with an unknown kid', () => issuer.mint(reader, { kid: randomUUID() })],
    ['without kid', () => issuer.mint(reader, { kid: undefined })],
    ['with a kid that is a path', () => issuer.mint(reader, { kid: '../../etc/passwd' })],
    ['with a kid of 129 characters', () => issuer.mint(reader, { kid: 'k'.repeat(129) })],
    ['with typ JWT', () => issuer.mint(reader, { typ: 'JWT' })],
    ['without typ', () => issuer.mint(reader, { typ: undefined })],
    ['with crit', () => issuer.mint(reader, { crit: ['exp'] })],
    ['with b64', () => issuer.mint(reader, { b64: false })],
    ['not valid yet', () => issuer.mint({ ...reader, nbf: now() + 60 })],
    ['issued in the future', () => issuer.mint({ ...reader, iat: now() + 60, exp: now() + 900 })],
    ['living longer than a day', () => issuer.mint({ ...reader, exp: now() + 86_500 })],
    ['with exp in milliseconds', () => issuer.mint({ ...reader, exp: Date.now() + 900_000 })],
    ['with exp as a text', () => issuer.mint({ ...reader, exp: String(now() + 900) })],
    ['with an empty jti', () => issuer.mint({ ...reader, jti: '' })],
    ['with a list for sub', () => issuer.mint({ ...reader, sub: ['ada'] })],
    ['with roles as a text', () => issuer.mint({ ...reader, roles: 'admin' })],
    ['over 8 KiB', () => issuer.mint({ ...reader, filling: 'x'.repeat(8192) })],
    [
      'with alg none and no signature',
      () => `${encode({ alg: 'none', typ: 'at+jwt' })}.${segments(issuer.mint(reader))[1]}.`,
    ],
    ['with alg None over a real signature', () => issuer.mint(reader, { alg: 'None' })],
    [
      'with HS256 under the public key',
      async () =>
        signedWithPublicKey({ alg: 'HS256', typ: 'at+jwt', kid: issuer.kid }, await publicKeyPem()),
    ],
    [
      'with a key of its own in the header',
      async () => {
        const key = await generateSigningKey();
        const header = {
          alg: 'RS256',
          typ: 'at+jwt',
          kid: key.kid,
          jwk: key.publicKey.export({ format: 'jwk' }),
        };
        const input = `${encode(header)}.${segments(issuer.mint(reader))[1]}`;
        const signature = sign('sha256', Buffer.from(input), key.privateKey);
        return `${input}.${signature.toString('base64url')}`;
      },
    ],
    [
      'with a tampered payload',
      () => {
        const token = issuer.mint(reader);
        const [header, , signature] = segments(token);
        return `${header}.${encode({ ...decodeJwt(token), roles: ['admin'] })}.${signature}`;
      },
    ],
    [
      'with another signature',
      () => {
        const [header, payload] = segments(issuer.mint(reader));
        return `${header}.${payload}.${randomBytes(256).toString('base64url')}`;
      },
    ],
    ['with a padded segment', () => `${issuer.mint(reader)}=`],
    ['with a fourth segment', () => `${issuer.mint(reader)}.e30`],
    ['cut short', () => issuer.mint(reader).slice(0, -10)],
    [
      'with unused bits set in the last character',
      () => {
        const token = issuer.mint(reader);
        const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
        return token.slice(0, -1) + alphabet[alphabet.indexOf(token.at(-1)!) + 1];
      },
    ],
    ['that is no token', () => 'hello'],
  ];

  it.each(cases)('is refused, and says no more: %s', async (_name, mint) => {
    const { status, headers, body } = await list(await mint());
    expect(body).toEqual({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      code: 'token_invalid',
    });
    expect(status).toBe(401);
    expect(headers.get('content-type')).toMatch('application/problem+json');
    expect(headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  });

  it('is called expired when nothing else is wrong', async () => {
    const iat = now() - 900;
    const { status, headers, body } = await list(issuer.mint({ ...reader, iat, exp: now() - 10 }));
    expect(status).toBe(401);
    expect(body['code']).toBe('token_expired');
    expect(headers.get('www-authenticate')).toMatch(
      /^Bearer error="invalid_token", error_description="[^"]+"$/,
    );
  });

  it('is not called expired when it is forged', async () => {
    const iat = now() - 900;
    const forged = stranger.mint(
      { ...reader, iss: issuer.issuer, iat, exp: now() - 10 },
      { kid: issuer.kid },
    );
    expect((await list(forged)).body['code']).toBe('token_invalid');
  });
});

describe('credentials that are none', () => {
  it.each([
    ['no header', '/orders', {}],
    ['another scheme', '/orders', { authorization: 'Basic YWRhOnNlY3JldA==' }],
    ['a token in the query', '/orders?access_token=TOKEN', {}],
    ['a token in a cookie', '/orders', { cookie: 'access_token=TOKEN' }],
  ])('are token_missing: %s', async (_name, path, headers) => {
    const token = issuer.mint(reader);
    const answer = await call(orders.url + path.replace('TOKEN', token), {
      headers: JSON.parse(JSON.stringify(headers).replace('TOKEN', token)) as typeof headers,
    });
    expect(answer.status).toBe(401);
    expect(answer.body['code']).toBe('token_missing');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('are token_missing: two Authorization headers, each with a good token', async () => {
    const headers = [issuer.mint(reader), issuer.mint(reader)].flatMap((token) => [
      'Authorization',
      `Bearer ${token}`,
    ]);
    const host = new URL(orders.url).host;
    const status = await new Promise<number | undefined>((resolve, reject) => {
      request(`${orders.url}/orders`, { headers: ['Host', host, ...headers] }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(401);
  });
});

describe('a good token without the right', () => {
  it('gets a challenge that names the scope', async () => {
    const { status, headers, body } = await list(issuer.mint({ scope: 'orders:write' }));
    expect(status).toBe(403);
    expect(body['code']).toBe('insufficient_scope');
    expect(headers.get('www-authenticate')).toBe(
      'Bearer error="insufficient_scope", scope="orders:read"',
    );
  });

  it('gets insufficient_role', async () => {
    const token = issuer.mint(reader);
    const answer = await call(`${orders.url}/orders?customerId=someone`, { token });
    expect(answer.status).toBe(403);
    expect(answer.body['code']).toBe('insufficient_role');
  });
});
