import { describe, expect, it } from 'vitest';
import { readHeader, splitCompactJws } from './compact-jws.js';
import { segment } from './signed-token.fixture.js';

const HEADER = segment({ alg: 'RS256', typ: 'at+jwt', kid: 'k' });
// Two bytes: the last character of three has two unused bits.
const BYTES = segment('{}');

/** Takes the token apart as the verifier does, header included. */
function split(token: string) {
  const jws = splitCompactJws(token);
  return { ...jws, ...readHeader(jws.header, { algorithms: ['RS256'], allowsPlainJwt: false }) };
}

describe('splitCompactJws', () => {
  it('returns the parts and what was signed', () => {
    const token = `${HEADER}.${BYTES}.${segment('sig')}`;
    expect(split(token)).toEqual({
      header: HEADER,
      kid: 'k',
      algorithm: 'RS256',
      bytes: Buffer.from(token),
      signingInput: Buffer.from(`${HEADER}.${BYTES}`),
      payload: Buffer.from('{}'),
      signature: Buffer.from('sig'),
    });
  });

  // threat:oversized-tokens
  it('takes a token of 8 KiB, and none that is longer', () => {
    const filled = (length: number) => `${HEADER}.AAAA.`.padEnd(length, 'A');
    expect(split(filled(8192)).bytes).toHaveLength(8192);
    expect(() => split(filled(8193))).toThrow('over 8 KiB');
    expect(() => split(filled(1_000_000))).toThrow('over 8 KiB');
  });

  it.each(['', '.', HEADER, `${HEADER}.`, `${HEADER}.${BYTES}`])('refuses %j', (token) => {
    expect(() => split(token)).toThrow('fewer than three segments');
  });

  it.each([
    ['four segments', `${HEADER}.${BYTES}.${BYTES}.${BYTES}`],
    ['five segments, like an encrypted token', `${HEADER}.${BYTES}.${BYTES}.${BYTES}.${BYTES}`],
    ['a dot at the end', `${HEADER}.${BYTES}.${BYTES}.`],
    ['a dot at the beginning', `.${HEADER}.${BYTES}.${BYTES}`],
    ['no header', `.${BYTES}.${BYTES}`],
    ['only dots', '..'],
    ['a scheme before it', `Bearer ${HEADER}.${BYTES}.${BYTES}`],
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
