import { describe, expect, it } from 'vitest';
import {
  decodeBase64url,
  type HeaderRules,
  readHeader,
  splitCompactJws,
  writeBase64url,
} from './compact-jws.js';
import { SIGNING_ALGORITHMS } from './signature.js';
import { HEADER, KID, segment } from './signed-token.fixture.js';

const HEADER_SEGMENT = segment({ alg: 'RS256', typ: 'at+jwt', kid: 'k' });
// Two bytes: the last character of three has two unused bits.
const BYTES = segment('{}');

/** Takes the token apart as the verifier does, header included. */
function split(token: string) {
  const jws = splitCompactJws(token);
  return { ...jws, ...readHeader(jws.header, { algorithms: ['RS256'], allowsPlainJwt: false }) };
}

describe('splitCompactJws', () => {
  it('returns the parts and what was signed', () => {
    const token = `${HEADER_SEGMENT}.${BYTES}.${segment('sig')}`;
    expect(split(token)).toEqual({
      header: HEADER_SEGMENT,
      kid: 'k',
      algorithm: 'RS256',
      bytes: Buffer.from(token),
      signingInput: Buffer.from(`${HEADER_SEGMENT}.${BYTES}`),
      payload: Buffer.from('{}'),
      signature: Buffer.from('sig'),
    });
  });

  // threat:oversized-tokens
  it('takes a token of 8 KiB, and none that is longer', () => {
    const filled = (length: number) => `${HEADER_SEGMENT}.AAAA.`.padEnd(length, 'A');
    expect(split(filled(8192)).bytes).toHaveLength(8192);
    expect(() => split(filled(8193))).toThrow('over 8 KiB');
    expect(() => split(filled(1_000_000))).toThrow('over 8 KiB');
  });

  it.each(['', '.', HEADER_SEGMENT, `${HEADER_SEGMENT}.`, `${HEADER_SEGMENT}.${BYTES}`])(
    'refuses %j',
    (token) => {
      expect(() => split(token)).toThrow('fewer than three segments');
    },
  );

  it.each([
    ['four segments', `${HEADER_SEGMENT}.${BYTES}.${BYTES}.${BYTES}`],
    [
      'five segments, like an encrypted token',
      `${HEADER_SEGMENT}.${BYTES}.${BYTES}.${BYTES}.${BYTES}`,
    ],
    ['a dot at the end', `${HEADER_SEGMENT}.${BYTES}.${BYTES}.`],
    ['a dot at the beginning', `.${HEADER_SEGMENT}.${BYTES}.${BYTES}`],
    ['no header', `.${BYTES}.${BYTES}`],
    ['only dots', '..'],
    ['a scheme before it', `Bearer ${HEADER_SEGMENT}.${BYTES}.${BYTES}`],
  ])('refuses %s', (_, token) => {
    expect(() => split(token)).toThrow(expect.objectContaining({ code: 'token_invalid' }));
  });

  const spellings: [name: string, respell: (segment: string) => string][] = [
    ['padding', (text) => `${text}=`],
    ['a space behind', (text) => `${text} `],
    ['a space before', (text) => ` ${text}`],
    ['a line break behind', (text) => `${text}\n`],
    ['a line break inside', (text) => `${text.slice(0, 1)}\r\n${text.slice(1)}`],
    ['a NUL behind', (text) => `${text}\0`],
    ['a foreign character inside', (text) => `${text.slice(0, 2)}!${text.slice(2)}`],
    ['a character of the other alphabet', (text) => `${text}+/+/`],
    ['a character whose low byte is a letter', (text) => `\u0141${text.slice(1)}`],
    ['a set unused bit', (text) => text.slice(0, -1) + String.fromCharCode(lastCode(text) + 1)],
    ['a superfluous character', (text) => `${text}AA`.slice(0, Math.ceil(text.length / 4) * 4 + 1)],
  ];
  const lastCode = (text: string) => text.charCodeAt(text.length - 1);

  it.each(
    ['header', 'payload', 'signature'].flatMap((part) =>
      spellings.map(([n, f]) => ({ part, n, f })),
    ),
  )('refuses a $part with $n', ({ part, f }) => {
    const good = [segment({ alg: 'RS256', typ: 'at+jwt', kid: 'kk' }), BYTES, BYTES] as const;
    const at = ['header', 'payload', 'signature'].indexOf(part);
    expect(split(good.join('.'))).toMatchObject({ kid: 'kk' });
    const token = good.map((text, i) => (i === at ? f(text) : text)).join('.');
    expect(token).not.toBe(good.join('.'));
    expect(() => split(token)).toThrow('a segment is not canonical base64url');
  });
});

const GOOD = { kid: KID, algorithm: 'RS256' };
const without = (name: 'alg' | 'typ' | 'kid') => ({ ...HEADER, [name]: undefined });

const RULES: HeaderRules = { algorithms: ['RS256'], allowsPlainJwt: false };

describe('readHeader', () => {
  it.each([
    ['at+jwt', HEADER],
    ['AT+JWT', { ...HEADER, typ: 'AT+JWT' }],
    ['application/at+jwt', { ...HEADER, typ: 'application/at+jwt' }],
    ['Application/At+Jwt', { ...HEADER, typ: 'Application/At+Jwt' }],
  ])('returns the kid of a token whose typ is %s', (_, header) => {
    expect(readHeader(segment(header), RULES)).toEqual(GOOD);
  });

  it('returns a kid of 128 characters', () => {
    const kid = 'k'.repeat(128);
    expect(readHeader(segment({ ...HEADER, kid }), RULES)).toEqual({ ...GOOD, kid });
  });

  // threat:key-injection
  it('does not look at keys and certificates that the header brings along', () => {
    const header = { ...HEADER, jwk: { kty: 'RSA' }, jku: 'https://evil.example', x5c: [], x5u: 1 };
    expect(readHeader(segment(header), RULES)).toEqual(GOOD);
  });

  it.each([
    ['no alg', without('alg')],
    ['alg none', { ...HEADER, alg: 'none' }],
    ['alg in lower case', { ...HEADER, alg: 'rs256' }],
    ['alg HS256', { ...HEADER, alg: 'HS256' }],
    ['alg RS384', { ...HEADER, alg: 'RS384' }],
    ['alg PS256', { ...HEADER, alg: 'PS256' }],
    ['an array for alg', { ...HEADER, alg: ['RS256'] }],
    ['no typ', without('typ')],
    ['typ JWT', { ...HEADER, typ: 'JWT' }],
    ['typ of a longer name', { ...HEADER, typ: 'at+jwt2' }],
    ['typ with something before', { ...HEADER, typ: 'x/at+jwt' }],
    ['typ with a line break', { ...HEADER, typ: 'at+jwt\n' }],
    ['an array for typ', { ...HEADER, typ: ['at+jwt'] }],
    ['no kid', without('kid')],
    ['an empty kid', { ...HEADER, kid: '' }],
    // threat:kid-injection
    ['a kid of 129 characters', { ...HEADER, kid: 'k'.repeat(129) }],
    ['a kid with a NUL', { ...HEADER, kid: `${KID}\0` }],
    ['a number for kid', { ...HEADER, kid: 1 }],
    ['an array for kid', { ...HEADER, kid: [KID] }],
    ['crit', { ...HEADER, crit: ['exp'], exp: 1 }],
    ['an empty crit', { ...HEADER, crit: [] }],
    ['crit null', { ...HEADER, crit: null }],
    ['b64', { ...HEADER, b64: true }],
    // threat:extension-smuggling
    ['an unencoded payload (RFC 7797)', { ...HEADER, b64: false, crit: ['b64'] }],
    ['an array for a header', [HEADER]],
    ['null for a header', null],
    ['a header that is no JSON', '{"alg":"RS256"'],
    ['alg twice', '{"alg":"none","typ":"at+jwt","kid":"k","alg":"RS256"}'],
    // threat:duplicate-members
    ['kid twice, once escaped', '{"alg":"RS256","typ":"at+jwt","kid":"k","\\u006bid":"k"}'],
    ['invalid UTF-8', Buffer.from('{"alg":"RS256","typ":"at+jwt","kid":"\xff"}', 'latin1')],
  ])('refuses %s', (_, header) => {
    expect(() => readHeader(segment(header), RULES)).toThrow(
      expect.objectContaining({ name: 'TokenError', code: 'token_invalid' }),
    );
  });

  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'] as const)(
    'returns alg %s if it is allowed',
    (alg) => {
      const rules = { ...RULES, algorithms: ['ES256', alg] as const };
      expect(readHeader(segment({ ...HEADER, alg }), rules)).toEqual({ kid: KID, algorithm: alg });
      const others = SIGNING_ALGORITHMS.filter((other) => other !== alg);
      expect(() =>
        readHeader(segment({ ...HEADER, alg }), { ...RULES, algorithms: others }),
      ).toThrow('alg is');
    },
  );

  it('takes Ed25519, the new name of EdDSA with such a key, where that is allowed (RFC 9864)', () => {
    const ed25519 = segment({ ...HEADER, alg: 'Ed25519' });
    const rules = { ...RULES, algorithms: ['ES256', 'EdDSA'] as const };
    expect(readHeader(ed25519, rules)).toEqual({ kid: KID, algorithm: 'EdDSA' });
    for (const algorithms of [['RS256'], ['RS256', 'PS256', 'ES256']] as const) {
      expect(() => readHeader(ed25519, { ...RULES, algorithms })).toThrow('alg is not');
    }
  });

  it.each(['none', 'HS256', 'es256', 'ES384', 'RS512', '', null, ['RS256'], undefined])(
    'refuses alg %j, whatever is allowed',
    (alg) => {
      const rules = { ...RULES, algorithms: SIGNING_ALGORITHMS };
      expect(() => readHeader(segment({ ...HEADER, alg }), rules)).toThrow('alg is not');
    },
  );

  it.each(['JWT', 'jwt', 'application/JWT', undefined, 'at+jwt'])(
    'returns typ %j of an issuer that does not follow RFC 9068',
    (typ) => {
      const rules = { ...RULES, allowsPlainJwt: true };
      expect(readHeader(segment({ ...HEADER, typ }), rules)).toEqual(GOOD);
    },
  );

  it.each(['dpop+jwt', 'logout+jwt', 'token-introspection+jwt', 'JWT2', '', null, ['JWT']])(
    'refuses typ %j of such an issuer',
    (typ) => {
      const rules = { ...RULES, allowsPlainJwt: true };
      expect(() => readHeader(segment({ ...HEADER, typ }), rules)).toThrow('typ is not');
    },
  );
});

const isAccepted = (segment: string) => {
  try {
    decodeBase64url(segment);
    return true;
  } catch {
    return false;
  }
};
const reencoded = (segment: string) => Buffer.from(segment, 'base64url').toString('base64url');

describe('decodeBase64url', () => {
  it.each([0, 1, 2, 3, 4, 5, 63, 64, 65, 256])('gives %i bytes as they were', (length) => {
    const bytes = Buffer.from(Array.from({ length }, (_, index) => (index * 151) & 255));
    expect(decodeBase64url(bytes.toString('base64url'))).toEqual(bytes);
  });

  it('writes into what it is given', () => {
    const target = Buffer.alloc(8);
    expect(writeBase64url('AQID', target)).toBe(3);
    expect(target.subarray(0, 4)).toEqual(Buffer.from([1, 2, 3, 0]));
  });

  // Short ones, and ones so long that node decodes them in blocks.
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 130, 131, 132, 133])(
    'accepts of %i characters exactly what encoding gives back, whatever stands where',
    (length) => {
      const wrong: string[] = [];
      for (let at = 0; at < length; at++) {
        for (let code = 0; code < 128; code++) {
          const text = 'Q'.repeat(length - 1) + 'A';
          const segment = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
          if (isAccepted(segment) !== (reencoded(segment) === segment)) wrong.push(segment);
        }
      }
      expect(wrong).toEqual([]);
    },
  );

  // threat:token-malleability
  it('accepts of two or three last characters exactly the canonical ones', () => {
    const alphabet = Array.from({ length: 64 }, (_, value) =>
      Buffer.from([value << 2])
        .toString('base64url')
        .charAt(0),
    );
    for (const [prefix, accepted] of [
      ['', 4],
      ['A', 16],
    ] as const) {
      const ends = alphabet.filter((last) => isAccepted(`${prefix}A${last}`));
      expect(ends).toHaveLength(accepted);
      for (const last of ends) expect(reencoded(`${prefix}A${last}`)).toBe(`${prefix}A${last}`);
    }
  });

  it.each(['AQI=', 'AQ==', 'A=ID', 'AQID====', 'AQ\nID', '====', '+/+/', 'AAA\0'])(
    'refuses %j',
    (segment) => {
      expect(() => decodeBase64url(segment)).toThrow(
        expect.objectContaining({ code: 'token_invalid' }),
      );
    },
  );
});
