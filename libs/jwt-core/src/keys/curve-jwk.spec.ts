import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SIGNING_ALGORITHMS } from '../verifier/signature.js';
import { parseJwk } from './jwk.js';

const jwkOf = (type: 'ec' | 'ed25519', namedCurve?: string) =>
  generateKeyPairSync(type as 'ec', { namedCurve } as { namedCurve: string }).publicKey.export({
    format: 'jwk',
  });
const p256 = { ...jwkOf('ec', 'P-256'), kid: 'one' };
const ed25519 = { ...jwkOf('ed25519'), kid: 'one' };
const parse = (jwk: object) => parseJwk(jwk, SIGNING_ALGORITHMS);
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
    const key = parse(jwk);
    expect(key).toMatchObject({ kid: 'one', algorithm });
    const itself = createPublicKey({ key: jwk, format: 'jwk' });
    expect(typeof key === 'object' && key.publicKey.equals(itself)).toBe(true);
  });

  it('uses an RSA key with its alg, or else with the first algorithm that fits', () => {
    const rsa = { ...generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' }), kid: 'one' }; // oxfmt-ignore
    expect(parse(rsa)).toMatchObject({ algorithm: 'RS256' });
    expect(parse({ ...rsa, alg: 'PS256' })).toMatchObject({ algorithm: 'PS256' });
    expect(parseJwk(rsa, ['ES256', 'PS256', 'RS256'])).toMatchObject({ algorithm: 'PS256' });
    expect(parseJwk({ ...rsa, alg: 'RS256' }, ['PS256'])).toBe('other_algorithm');
    expect(parseJwk(rsa, ['ES256'])).toBe('other_type');
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
    expect(parse(jwk)).toBe(fault);
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
    expect(parse(jwk)).toBe('weak_point');
  });
});
