import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SIGNING_ALGORITHMS } from '../verifier/signature.js';
import { parseJwk } from './jwk.js';

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const rsa = pair.publicKey.export({ format: 'jwk' });
const good = { ...rsa, kid: 'one', use: 'sig', alg: 'RS256' };
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const modulus = (bits: number): string => {
  const bytes = Buffer.alloc(Math.ceil(bits / 8), 0xff);
  bytes[0] = 0xff >> (bytes.length * 8 - bits);
  return bytes.toString('base64url');
};

/** A modulus that is a power of 65537 modulo the product of all primes up to 167 (ROCA). */
function rocaModulus(exponent: bigint, bits = 2048): string {
  const primes = Array.from({ length: 167 }, (_, i) => i + 1).filter(
    (n) => n > 1 && !Array.from({ length: n - 2 }, (_, i) => i + 2).some((d) => n % d === 0),
  );
  const product = primes.reduce((all, prime) => all * BigInt(prime), 1n);
  let power = 1n;
  for (let i = 0n; i < exponent; i++) power = (power * 65_537n) % product;
  const top = ((1n << BigInt(bits)) - 1n) / product - 1n;
  return Buffer.from((top * product + power).toString(16), 'hex').toString('base64url');
}

const parse = (jwk: unknown) => parseJwk(jwk, ['RS256']);

describe('parseJwk', () => {
  it.each<[string, object]>([
    ['for signatures', {}],
    ['that does not say what for', { use: undefined, alg: undefined }],
    ['for verifying, among others', { key_ops: ['encrypt', 'verify'] }],
    ['with members that nobody knows', { x5c: ['MIIB'], x5t: 'x', note: { of: 'ours' } }],
    ['with a kid of 128 characters', { kid: 'k'.repeat(128) }],
    ['with the exponent 3', { e: 'Aw' }],
    ['with the exponent 2^32 - 1', { e: '_____w' }],
    ['of 3072 bits', { n: modulus(3072) }],
    ['of 8192 bits', { n: modulus(8192) }],
  ])('takes a key %s', (_name, change) => {
    const jwk = { ...good, ...change };
    const key = parse(jwk);
    expect(key).toMatchObject({ kid: jwk.kid, publicKey: { type: 'public' } });
  });

  it('gives the key itself', () => {
    const key = parse(good);
    expect(typeof key === 'object' && key.publicKey.equals(pair.publicKey)).toBe(true);
  });

  it.each<[string, string, object]>([
    ['no kty', 'other_type', { kty: undefined }],
    ['a kty in small letters', 'other_type', { kty: 'rsa' }],
    ['another kty', 'other_type', ec],
    ['no kid', 'bad_kid', { kid: undefined }],
    ['an empty kid', 'bad_kid', { kid: '' }],
    ['a number for a kid', 'bad_kid', { kid: 1 }],
    ['a kid of 129 characters', 'bad_kid', { kid: 'k'.repeat(129) }],
    ['use enc', 'not_for_signatures', { use: 'enc' }],
    ['use null', 'not_for_signatures', { use: null }],
    ['key_ops without verify', 'not_for_signatures', { key_ops: ['sign'] }],
    ['no key_ops at all', 'not_for_signatures', { key_ops: [] }],
    ['key_ops that are text', 'not_for_signatures', { key_ops: 'verify' }],
    ['another alg', 'other_algorithm', { alg: 'RS512' }],
    ['alg PS256', 'other_algorithm', { alg: 'PS256' }],
    ['alg null', 'other_algorithm', { alg: null }],
    ['no modulus', 'malformed', { n: undefined }],
    ['an empty modulus', 'malformed', { n: '' }],
    ['a modulus in other base64', 'malformed', { n: `${good.n}==` }],
    ['a modulus with spaces', 'malformed', { n: ` ${good.n}` }],
    ['no exponent', 'malformed', { e: undefined }],
    ['a number for an exponent', 'malformed', { e: 65_537 }],
    ['2047 bits', 'bad_size', { n: modulus(2047) }],
    ['a modulus of 60,000 characters', 'bad_size', { n: 'x'.repeat(60_000) }],
    // threat:weak-keys
    ['an exponent of 60,000 characters', 'bad_exponent', { e: `${'_'.repeat(59_999)}w` }],
    ['an exponent of seven bytes', 'bad_exponent', { e: '_________w' }],
    ['the pattern of a flawed key generator', 'weak_modulus', { n: rocaModulus(12_345n) }],
    ['the same pattern at 4096 bits', 'weak_modulus', { n: rocaModulus(7n, 4096) }],
    ['1024 bits', 'bad_size', { n: modulus(1024) }],
    ['2047 bits after zeros', 'bad_size', { n: `AAAA${modulus(2040)}` }],
    ['8193 bits', 'bad_size', { n: modulus(8193) }],
    ['the exponent 1', 'bad_exponent', { e: 'AQ' }],
    ['an even exponent', 'bad_exponent', { e: 'AQAA' }],
    ['the exponent 2^32 + 1', 'bad_exponent', { e: 'AQAAAAE' }],
  ])('leaves out a key with %s', (_name, fault, change) => {
    expect(parse({ ...good, ...change })).toBe(fault);
  });

  it.each(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])(
    'leaves out a key with the private member %s, of whatever kind',
    (member) => {
      // threat:leaked-private-keys
      expect(parse({ ...good, [member]: 'AQAB' })).toBe('private_key');
      expect(parse({ ...ec, [member]: 'AQAB' })).toBe('private_key');
    },
  );

  it.each([undefined, null, 'key', 1, [good]])('leaves out %j, which is no key', (jwk) => {
    expect(parse(jwk)).toBe('not_an_object');
  });
});

const jwkOf = (type: 'ec' | 'ed25519', namedCurve?: string) =>
  generateKeyPairSync(type as 'ec', { namedCurve } as { namedCurve: string }).publicKey.export({
    format: 'jwk',
  });
const p256 = { ...jwkOf('ec', 'P-256'), kid: 'one' };
const ed25519 = { ...jwkOf('ed25519'), kid: 'one' };
const parseForAll = (jwk: object) => parseJwk(jwk, SIGNING_ALGORITHMS);
const BYTES_32_OF_ONES = Buffer.alloc(32, 1).toString('base64url');

describe('parseJwk with the algorithms of other issuers', () => {
  it.each([
    ['ES256', p256],
    ['ES256', { ...p256, alg: 'ES256', use: 'sig', key_ops: ['verify'] }],
    ['EdDSA', ed25519],
    ['EdDSA', { ...ed25519, alg: 'EdDSA' }],
    // RFC 9864
    ['EdDSA', { ...ed25519, alg: 'Ed25519' }],
  ])('takes a key for %s: %j', (algorithm, jwk) => {
    const key = parseForAll(jwk);
    expect(key).toMatchObject({ kid: 'one', algorithm });
    const itself = createPublicKey({ key: jwk, format: 'jwk' });
    expect(typeof key === 'object' && key.publicKey.equals(itself)).toBe(true);
  });

  it('uses an RSA key with its alg, or else with the first algorithm that fits', () => {
    const key = { ...rsa, kid: 'one' };
    expect(parseForAll(key)).toMatchObject({ algorithm: 'RS256' });
    expect(parseForAll({ ...key, alg: 'PS256' })).toMatchObject({ algorithm: 'PS256' });
    expect(parseJwk(key, ['ES256', 'PS256', 'RS256'])).toMatchObject({ algorithm: 'PS256' });
    expect(parseJwk({ ...key, alg: 'RS256' }, ['PS256'])).toBe('other_algorithm');
    expect(parseJwk(key, ['ES256'])).toBe('other_type');
  });

  it.each<[string, string, object]>([
    ['P-256 for another alg', 'other_algorithm', { ...p256, alg: 'RS256' }],
    ['P-256 for key agreement', 'other_algorithm', { ...p256, alg: 'ECDH-ES' }],
    ['P-256 for Ed25519', 'other_algorithm', { ...p256, alg: 'Ed25519' }],
    ['Ed25519 for Ed448', 'other_algorithm', { ...ed25519, alg: 'Ed448' }],
    ['P-384', 'other_type', { ...jwkOf('ec', 'P-384'), kid: 'one' }],
    ['secp256k1', 'other_type', { ...jwkOf('ec', 'secp256k1'), kid: 'one' }],
    ['P-256 of type OKP', 'other_type', { ...p256, kty: 'OKP' }],
    ['no curve', 'other_type', { ...p256, crv: undefined }],
    ['Ed25519 of type EC', 'other_type', { ...ed25519, kty: 'EC' }],
    ['X25519', 'other_type', { ...ed25519, crv: 'X25519' }],
    ['P-256 without y', 'malformed', { ...p256, y: undefined }],
    ['P-256 with a longer x', 'malformed', { ...p256, x: `AAAA${p256.x}` }],
    ['P-256 with padding', 'malformed', { ...p256, x: `${p256.x}=` }],
    ['P-256 with a number for y', 'malformed', { ...p256, y: 1 }],
    ['a point beside the curve', 'malformed', { ...p256, x: BYTES_32_OF_ONES }],
    ['Ed25519 with a shorter x', 'malformed', { ...ed25519, x: 'AAAA' }],
    ['Ed25519 without x', 'malformed', { ...ed25519, x: undefined }],
    ['Ed25519 with a longer x', 'malformed', { ...ed25519, x: `AAAA${ed25519.x}` }],
    ['Ed25519 with padding', 'malformed', { ...ed25519, x: `${ed25519.x}=` }],
    ['Ed25519 with x in a list', 'malformed', { ...ed25519, x: [ed25519.x] }],
  ])('leaves out %s as %s', (_name, fault, jwk) => {
    expect(parseForAll(jwk)).toBe(fault);
  });

  // threat:weak-keys
  it.each([
    '0100000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000080',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '0000000000000000000000000000000000000000000000000000000000000000',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  ])('leaves out the Ed25519 key %s, for which anyone can sign before Node 24', (hex) => {
    const jwk = { ...ed25519, x: Buffer.from(hex, 'hex').toString('base64url') };
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
    // R is the neutral point and S is 0: right for one message in eight at least.
    const signature = Buffer.concat([Buffer.of(1), Buffer.alloc(63)]);
    const messages = Array.from({ length: 400 }, (_, at) => Buffer.from(`message ${at}`));
    const isForged = messages.some((message) => verify(null, message, publicKey, signature));
    expect(isForged).toBe(Number.parseInt(process.versions.node) < 24);
    expect(parseForAll(jwk)).toBe('weak_point');
  });
});
