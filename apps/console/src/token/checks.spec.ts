import { beforeAll, describe, expect, it } from 'vitest';

import { check, type CheckContext, type CheckName, type Jwk } from './checks.js';
import { partsOfJwt } from './jwt-parts.js';

const ISSUER = 'https://auth.example.com';
const NOW_MS = 1_800_000_000_000;
const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
const HEADER = { alg: 'RS256', typ: 'at+jwt', kid: 'one' };
const PAYLOAD = { iss: ISSUER, sub: 'ada', iat: NOW_MS / 1000 - 10, exp: NOW_MS / 1000 + 10 };

let keys: CryptoKeyPair;
let context: CheckContext;
beforeAll(async () => {
  const usages: KeyUsage[] = ['sign', 'verify'];
  const size = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
  keys = await crypto.subtle.generateKey({ ...RSA, ...size }, true, usages);
  const jwk = (await crypto.subtle.exportKey('jwk', keys.publicKey)) as Jwk;
  context = { keys: [{ ...jwk, kid: 'one' }], issuer: ISSUER, nowMs: NOW_MS };
});

const base64url = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
const encode = (value: unknown) => base64url(new TextEncoder().encode(JSON.stringify(value)));

async function sign(header: object, payload: object): Promise<string> {
  const signed = `${encode(header)}.${encode(payload)}`;
  const bytes = new TextEncoder().encode(signed);
  return `${signed}.${base64url(new Uint8Array(await crypto.subtle.sign(RSA, keys.privateKey, bytes)))}`;
}

async function failed(token: string, given = context): Promise<CheckName[]> {
  const checks = await check(partsOfJwt(token)!, given);
  return checks.filter(({ verdict }) => verdict !== 'passed').map(({ name }) => name);
}

describe('the checks of the page', () => {
  it('pass for a token of the issuer', async () => {
    expect(await failed(await sign(HEADER, PAYLOAD))).toEqual([]);
  });

  it.each<[string, object, object, CheckName[]]>([
    ['is an ID token', { ...HEADER, typ: 'JWT' }, {}, ['kind']],
    ['has another algorithm', { ...HEADER, alg: 'none' }, {}, ['kind']],
    ['names another key', { ...HEADER, kid: 'two' }, {}, ['key', 'signature']],
    ['names no key', { alg: 'RS256', typ: 'at+jwt' }, {}, ['key', 'signature']],
    ['has another issuer', HEADER, { iss: 'https://evil.example' }, ['issuer']],
    ['has expired', HEADER, { exp: NOW_MS / 1000 - 5 }, ['time']],
    ['expires never', HEADER, { exp: undefined }, ['time']],
    ['has not begun', HEADER, { nbf: NOW_MS / 1000 + 6 }, ['time']],
    ['has a text for a time', HEADER, { exp: '9999999999' }, ['time']],
  ])('fail for one that %s', async (_, header, changes, names) => {
    expect(await failed(await sign(header, { ...PAYLOAD, ...changes }))).toEqual(names);
  });

  it('fail for a payload that was changed after it was signed', async () => {
    const [header, , signature] = (await sign(HEADER, PAYLOAD)).split('.');
    const changed = encode({ ...PAYLOAD, sub: 'eve' });
    expect(await failed(`${header}.${changed}.${signature}`)).toEqual(['signature']);
  });
});

describe('taking a token apart', () => {
  it.each([
    '',
    'a.b',
    'a.b.c.d',
    '..',
    `${encode([])}.${encode({})}.`,
    `${encode({})}.${encode(null)}.`,
    `${encode({})}=.${encode({})}.`,
    `${base64url(new Uint8Array([0xff, 0xfe]))}.${encode({})}.`,
    'jr_opaque-reference-token',
  ])('knows that this is no JWT: %s', (token) => {
    expect(partsOfJwt(token)).toBeUndefined();
  });

  it('reads all of Unicode', () => {
    expect(partsOfJwt(`${encode({})}.${encode({ name: 'Zoë 🎉' })}.`)?.payload).toEqual({
      name: 'Zoë 🎉',
    });
  });
});
