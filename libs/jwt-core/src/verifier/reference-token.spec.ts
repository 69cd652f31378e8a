import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isReferenceToken } from './reference-token.js';

const zeros = 'A'.repeat(43);

describe('isReferenceToken', () => {
  it('knows 256 bits in base64url', () => {
    for (let n = 0; n < 500; n++) {
      expect(isReferenceToken(randomBytes(32).toString('base64url'))).toBe(true);
    }
  });

  it('takes of the last characters exactly the canonical ones', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const taken = [...alphabet].filter((last) => isReferenceToken(zeros.slice(1) + last));
    expect(taken).toHaveLength(16);
    for (const last of taken) {
      const text = zeros.slice(1) + last;
      expect(Buffer.from(text, 'base64url').toString('base64url')).toBe(text);
    }
  });

  it.each([
    ['nothing', ''],
    ['42 characters', zeros.slice(1)],
    ['44 characters', `A${zeros}`],
    ['padding', `${zeros}=`],
    ['padding in place of a character', `${zeros.slice(1)}=`],
    ['a dot', `A.${zeros.slice(2)}`],
    ['two dots', `A.A.${zeros.slice(4)}`],
    ['the other base64', `+/${zeros.slice(2)}`],
    ['a line break at the end', `${zeros.slice(1)}\n`],
    ['a line break after it', `${zeros}\n`],
    ['a letter of another alphabet', `é${zeros.slice(1)}`],
  ])('refuses %s', (_name, text) => {
    expect(isReferenceToken(text)).toBe(false);
  });
});
