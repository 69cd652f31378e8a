import { describe, expect, it } from 'vitest';
import { decodeBase64url, writeBase64url } from './compact-jws.js';

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
