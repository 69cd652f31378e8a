import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { describe, expect, it } from 'vitest';
import { jwksFingerprint } from './jwks-fingerprint.js';
import type { VerificationKey } from '../verifier/key-set.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url');
const generate = (kid: string): VerificationKey => ({
  kid,
  publicKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey,
});

describe('jwksFingerprint', () => {
  const [one, two] = [generate('one'), generate('two')];

  it('rests on the thumbprint of RFC 7638 section 3.1', () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_' +
      'BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0' +
      '_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWh' +
      'AI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
    const publicKey = createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' });
    expect(jwksFingerprint([{ kid: '2011-04-29', publicKey }])).toBe(
      sha256('2011-04-29 NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'),
    );
  });

  it.each([
    ['ec' as const, { namedCurve: 'P-256' }],
    ['ed25519' as const, undefined],
  ])('has the thumbprint of a key of type %s, too', async (type, options) => {
    const { publicKey } = generateKeyPairSync(type as 'ec', options as { namedCurve: string });
    const thumbprint = await calculateJwkThumbprint(publicKey.export({ format: 'jwk' }));
    expect(jwksFingerprint([{ kid: 'one', publicKey }])).toBe(sha256(`one ${thumbprint}`));
  });

  it('joins the sorted lines of all keys', async () => {
    const lines = await Promise.all(
      [one, two].map(
        async ({ kid, publicKey }) =>
          `${kid} ${await calculateJwkThumbprint(publicKey.export({ format: 'jwk' }) as { kty: string })}`,
      ),
    );
    expect(jwksFingerprint([two, one])).toBe(sha256(lines.join('\n')));
    expect(jwksFingerprint(new Map([['one', one] as const, ['two', two] as const]).values())).toBe(
      jwksFingerprint([two, one]),
    );
  });

  it.each<[string, VerificationKey[]]>([
    ['a key is added', [one, two, generate('three')]],
    ['a key is gone', [one]],
    ['a key has another name', [one, { ...two, kid: '2' }]],
    ['a name has another key', [one, { ...one, kid: 'two' }]],
    ['there are none', []],
  ])('differs when %s', (_name, keys) => {
    expect(jwksFingerprint(keys)).not.toBe(jwksFingerprint([one, two]));
  });
});
