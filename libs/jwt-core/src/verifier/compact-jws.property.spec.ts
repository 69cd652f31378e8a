import { runs } from '@jwt-auth/dev-stack/vitest';
import * as fc from 'fast-check';
import { base64url, decodeProtectedHeader } from 'jose';
import { describe, expect, it } from 'vitest';
import { decodeBase64url, MAX_TOKEN_BYTES, readHeader, splitCompactJws } from './compact-jws.js';
import { HEADER, segment } from './signed-token.fixture.js';
import { spelledObject } from './spelled-json.fixture.js';
import { TokenError } from './token-error.js';

/** What a reader returns; `undefined` if it refuses. Any other error is a failure. */
function readBy<T>(reader: (text: string) => T, text: string): T | undefined {
  try {
    return reader(text);
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    expect(error.code).toBe('token_invalid');
    return undefined;
  }
}

/** There is one spelling of some bytes: that in which node writes them. */
const isCanonical = (text: string) => Buffer.from(text, 'base64url').toString('base64url') === text;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const character = fc.constantFrom(...ALPHABET);
const strange = fc.constantFrom('+', '/', '=', ' ', '\n', '\0', 'é', '😀');
const nearly = fc.oneof(
  fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
  fc.string({ unit: character, maxLength: 9 }),
  fc.string({ unit: fc.oneof(character, strange), maxLength: 6 }),
);

describe('base64url', () => {
  it('is read as jose reads it, in its canonical form alone', () => {
    fc.assert(
      fc.property(nearly, (text) => {
        const bytes = readBy(decodeBase64url, text);
        expect(bytes !== undefined).toBe(isCanonical(text));
        if (bytes !== undefined) expect(Buffer.from(base64url.decode(text))).toEqual(bytes);
      }),
      runs(3_000),
    );
  });
});

describe('splitCompactJws', () => {
  it('takes three segments, the last two in canonical base64url, and nothing else', () => {
    const text = fc.oneof(
      { weight: 5, arbitrary: fc.tuple(nearly, nearly, nearly).map((parts) => parts.join('.')) },
      { weight: 1, arbitrary: fc.array(nearly, { maxLength: 5 }).map((parts) => parts.join('.')) },
      {
        weight: 1,
        arbitrary: fc
          .integer({ min: MAX_TOKEN_BYTES - 4, max: MAX_TOKEN_BYTES + 4 })
          .map((length) => `e30.${'A'.repeat(length - 8)}.AAA`),
      },
    );
    fc.assert(
      fc.property(text, (token) => {
        const [header = '', payload = '', signature = '', ...more] = token.split('.');
        const isGood =
          token.split('.').length >= 3 &&
          more.length === 0 &&
          token.length <= MAX_TOKEN_BYTES &&
          Buffer.byteLength(header) === header.length &&
          [payload, signature].every(isCanonical);
        // Copied, as the next token is split into the same buffers.
        const parts = readBy(splitCompactJws, token);
        const copied = parts && [
          parts.header,
          ...[parts.bytes, parts.signingInput].map(String),
          ...[parts.payload, parts.signature].map((part) => part.toString('base64url')),
        ];
        expect(copied).toEqual(
          isGood ? [header, token, `${header}.${payload}`, payload, signature] : undefined,
        );
      }),
      runs(2_000),
    );
  });
});

const readRs256Header = (header: string) =>
  readHeader(header, { algorithms: ['RS256'], allowsPlainJwt: false });

describe('readHeader', () => {
  const members = fc
    .record(
      {
        alg: fc.constantFrom<unknown>('RS256', 'RS256', 'RS256', 'rs256', 'none', 'HS256', 1, null),
        typ: fc.constantFrom<unknown>('at+jwt', 'at+jwt', 'AT+JWT', 'application/at+jwt', 'JWT', 1),
        kid: fc.oneof(
          fc.string({ minLength: 1, unit: 'grapheme' }),
          fc.constantFrom<unknown>('', 'k'.repeat(128), 'k'.repeat(129), 'a\0b', null, ['k']),
        ),
        crit: fc.constantFrom<unknown>(['exp'], [], null),
        b64: fc.boolean(),
        jku: fc.constant('https://evil.example.com'),
      },
      { requiredKeys: ['alg', 'typ', 'kid'] },
    )
    .map((header) => JSON.stringify(header));
  const json = fc.oneof(
    { weight: 3, arbitrary: members },
    { weight: 1, arbitrary: spelledObject.map(({ text }) => text) },
    {
      weight: 1,
      arbitrary: spelledObject.map(
        ({ text }) => `{"own":${text},${JSON.stringify(HEADER).slice(1)}`,
      ),
    },
  );

  it('reads in a header what jose reads, if alg, typ and kid are right and nothing is critical', () => {
    fc.assert(
      fc.property(json, (text) => {
        const token = `${segment(text)}.e30.AA`;
        const read = readBy(readRs256Header, segment(text));
        if (read === undefined) return;
        const { alg, typ, kid, crit, b64 } = decodeProtectedHeader(token);
        expect(read).toEqual({ algorithm: alg, kid });
        expect(alg).toBe('RS256');
        expect(['at+jwt', 'application/at+jwt']).toContain(typ?.toLowerCase());
        expect(kid).toMatch(/^[^\0]{1,128}$/s);
        expect([crit, b64]).toEqual([undefined, undefined]);
      }),
      runs(1_000),
    );
  });

  it('accepts a header that names all of it rightly', () => {
    const kid = fc.string({ minLength: 1, maxLength: 128, unit: fc.constantFrom(...'kK:é/.😀') });
    fc.assert(
      fc.property(kid, fc.constantFrom('at+jwt', 'Application/AT+JWT'), (name, typ) => {
        fc.pre(name.length <= 128);
        const header = { alg: 'RS256', typ, kid: name, jku: 'https://evil.example.com' };
        expect(readRs256Header(segment(header))).toEqual({ algorithm: 'RS256', kid: name });
      }),
      runs(300),
    );
  });
});
