import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { describeIgnored, parseJwkSet } from './jwk-set.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
const key = (kid: string, change: object = {}) => ({ ...rsa, kid, ...change });

describe('parseJwkSet', () => {
  it('gives the usable keys by their kid, and says what is left out and why', () => {
    const set = parseJwkSet({
      keys: [
        key('one'),
        key('two', { use: 'enc' }),
        null,
        key('three'),
        { kty: 'EC', kid: 'four' },
      ],
      comment: 'ignored',
    });
    expect([...set.keys.keys()]).toEqual(['one', 'three']);
    expect(set.keys.get('three')).toMatchObject({ kid: 'three' });
    expect(set.ignored).toEqual([
      { kid: 'two', fault: 'not_for_signatures' },
      { kid: undefined, fault: 'not_an_object' },
      { kid: 'four', fault: 'not_rsa' },
    ]);
  });

  it('keeps keys apart whose names mean something to JavaScript', () => {
    const { keys } = parseJwkSet({ keys: [key('__proto__'), key('constructor')] });
    expect([...keys.keys()]).toEqual(['__proto__', 'constructor']);
  });

  it('lets several keys without a kid pass, unused', () => {
    const nameless = key('', { kid: undefined });
    expect(parseJwkSet({ keys: [nameless, nameless, key('one')] }).keys.size).toBe(1);
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
    [
      'two keys of one name, of which one is of no use',
      'duplicate_kid',
      { keys: [key('one', { use: 'enc' }), key('one')] },
    ],
  ])('refuses %s', (_name, code, document) => {
    expect(() => parseJwkSet(document)).toThrow(
      expect.objectContaining({ name: 'JwkSetError', code }),
    );
  });

  it('says what is wrong with the keys of a set without usable ones', () => {
    const keys = [key('one', { alg: 'ES256' }), key('two', { d: 'AQAB' })];
    expect(() => parseJwkSet({ keys })).toThrow('one (other_algorithm), two (private_key)');
  });
});

describe('describeIgnored', () => {
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
