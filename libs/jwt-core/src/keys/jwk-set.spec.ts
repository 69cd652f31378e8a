import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { describeIgnored, type JwkSet, parseJwkSet } from './jwk-set.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const ed25519 = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
const kidsOf = ({ keys }: JwkSet) => Array.from(keys, ({ kid }) => kid);
const key = (kid: string, change: object = {}) => ({ ...rsa, kid, ...change });

const parse = (document: unknown) => parseJwkSet(document, ['RS256']);

describe('parseJwkSet', () => {
  it('gives the usable keys by their kid, and says what is left out and why', () => {
    const set = parse({
      keys: [
        key('one'),
        key('two', { use: 'enc' }),
        null,
        key('three'),
        { kty: 'EC', kid: 'four' },
      ],
      comment: 'ignored',
    });
    expect(kidsOf(set)).toEqual(['one', 'three']);
    expect(set.keys.get('three')).toMatchObject({ kid: 'three' });
    expect(set.ignored).toEqual([
      { kid: 'two', fault: 'not_for_signatures' },
      { kid: undefined, fault: 'not_an_object' },
      { kid: 'four', fault: 'other_type' },
    ]);
  });

  it('keeps keys apart whose names mean something to JavaScript', () => {
    const set = parse({ keys: [key('__proto__'), key('constructor')] });
    expect(kidsOf(set)).toEqual(['__proto__', 'constructor']);
  });

  it('lets several keys without a kid pass, unused', () => {
    const nameless = key('', { kid: undefined });
    expect(parse({ keys: [nameless, nameless, key('one')] }).keys.size).toBe(1);
  });

  it.each<[string, string, unknown]>([
    ['nothing', 'not_a_key_set', undefined],
    ['null', 'not_a_key_set', null],
    ['a text', 'not_a_key_set', 'keys'],
    ['a bare list', 'not_a_key_set', [key('one')]],
    ['an object without keys', 'not_a_key_set', {}],
    ['keys by name', 'not_a_key_set', { keys: { one: key('one') } }],
    ['no keys', 'no_usable_key', { keys: [] }],
    ['only keys of no use', 'no_usable_key', { keys: [key('one', { alg: 'ES256' }), 7] }],
    // threat:key-shadowing
    ['a key twice', 'duplicate_kid', { keys: [key('one'), key('two'), key('one')] }],
  ])('refuses %s', (_name, code, document) => {
    expect(() => parse(document)).toThrow(expect.objectContaining({ name: 'JwkSetError', code }));
  });

  // RFC 7517 section 4.5
  it('keeps keys of one kid apart that differ in their algorithm', () => {
    const keys = [key('one'), { ...p256, kid: 'one' }, { ...ed25519, kid: 'one' }, key('two')];
    const set = parseJwkSet({ keys }, ['RS256', 'ES256', 'EdDSA']);
    expect(set.keys.size).toBe(4);
    expect(kidsOf(set)).toEqual(['one', 'one', 'one', 'two']);
    for (const algorithm of ['RS256', 'ES256', 'EdDSA'] as const) {
      expect(set.keys.get('one', algorithm)).toMatchObject({ kid: 'one', algorithm });
    }
    expect(set.keys.get('one', 'PS256')).toBeUndefined();
    expect(set.keys.get('two', 'ES256')).toBeUndefined();
    expect(set.keys.get('one')).toMatchObject({ algorithm: 'RS256' });
  });

  it('refuses a second key of one kid and algorithm, whatever else has that kid', () => {
    const keys = [key('one'), { ...p256, kid: 'one' }, key('one')];
    expect(() => parseJwkSet({ keys }, ['RS256', 'ES256'])).toThrow(
      expect.objectContaining({ code: 'duplicate_kid' }),
    );
  });

  it('takes an Ed25519 key once that is there by both names of its algorithm (RFC 9864)', () => {
    const named = (alg: string, material = ed25519) => ({ ...material, kid: 'one', alg });
    const set = parseJwkSet({ keys: [named('EdDSA'), named('Ed25519')] }, ['EdDSA']);
    expect(set.keys.size).toBe(1);
    const other = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
    expect(() =>
      parseJwkSet({ keys: [named('EdDSA'), named('Ed25519', other)] }, ['EdDSA']),
    ).toThrow(expect.objectContaining({ code: 'duplicate_kid' }));
  });

  it.each([
    ['for encryption', { use: 'enc' }],
    ['for another algorithm', { alg: 'RS512' }],
    ['of another type', { kty: 'EC' }],
  ])('passes over a key of the same kid %s', (_name, change) => {
    for (const keys of [
      [key('one'), key('one', change)],
      [key('one', change), key('one')],
    ]) {
      const set = parse({ keys });
      expect([kidsOf(set), set.ignored.length]).toEqual([['one'], 1]);
    }
  });

  // threat:leaked-private-keys
  it('uses no key of a kid whose private key is published', () => {
    const keys = [key('one'), key('one', { d: 'AQAB' }), key('two')];
    for (const order of [keys, [...keys].reverse()]) {
      const set = parse({ keys: order });
      expect(kidsOf(set)).toEqual(['two']);
      expect(set.ignored).toEqual(Array(2).fill({ kid: 'one', fault: 'private_key' }));
    }
    expect(() => parse({ keys: keys.slice(0, 2) })).toThrow('one (private_key)');
  });

  it('says what is wrong with the keys of a set without usable ones', () => {
    const keys = [key('one', { alg: 'ES256' }), key('two', { d: 'AQAB' })];
    expect(() => parse({ keys })).toThrow('one (other_algorithm), two (private_key)');
  });
});

describe('describeIgnored', () => {
  it.each([
    [0, ''],
    [1, 'a0 (bad_kid)'],
    [10, ', a9 (bad_kid)'],
    [11, ', a9 (bad_kid) and 1 more'],
  ])('names ten of %i keys', (count, end) => {
    const ignored = Array.from({ length: count }, (_, n) => ({
      kid: `a${n}`,
      fault: 'bad_kid' as const,
    }));
    const text = describeIgnored(ignored);
    expect(text.slice(text.length - end.length)).toBe(end);
    expect(text.includes('more')).toBe(count > 10);
  });

  it('stays short, whatever the issuer sent', () => {
    const ignored = Array.from({ length: 5_000 }, () => ({
      kid: 'k'.repeat(50_000),
      fault: 'bad_kid' as const,
    }));
    const text = describeIgnored([{ kid: { a: 1 }, fault: 'bad_kid' }, ...ignored]);
    expect(text).toMatch(/^\? \(bad_kid\), k{128} \(bad_kid\),.* and 4991 more$/);
    expect(text.length).toBeLessThan(2_000);
  });
});
