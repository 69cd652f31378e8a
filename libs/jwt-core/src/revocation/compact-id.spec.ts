import { createHash, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { compactId, type CompactId } from './compact-id.js';

const bytes = ({ a, b, c, d }: CompactId) => {
  const buffer = Buffer.alloc(16);
  [a, b, c, d].forEach((word, index) => buffer.writeInt32BE(word, index * 4));
  return buffer.toString('hex');
};
const digest = (id: string) => createHash('sha256').update(id).digest('hex').slice(0, 32);

describe('compactId', () => {
  it.each([
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '01234567-89ab-cdef-0123-456789abcdef',
    ...Array.from({ length: 100 }, () => randomUUID()),
  ])('keeps the bits of the UUID %s', (id) => {
    expect(bytes(compactId(id))).toBe(id.replaceAll('-', ''));
  });

  it.each([
    ['upper case', '01234567-89AB-CDEF-0123-456789ABCDEF'],
    ['mixed case', '01234567-89ab-cdef-0123-456789abcdeF'],
    ['no hyphens', '0123456789abcdef0123456789abcdef'],
    ['a misplaced hyphen', '0123456-789ab-cdef-0123-456789abcdef'],
    ['braces', '{01234567-89ab-cdef-0123-456789abcdef}'],
    ['a trailing newline', '01234567-89ab-cdef-0123-456789abcdef\n'],
    ['one digit too few', '01234567-89ab-cdef-0123-456789abcde'],
    ['a letter beyond f', '01234567-89ab-cdef-0123-456789abcdeg'],
    ['a character before 0', '01234567-89ab-cdef-0123-456789abcde/'],
    ['a character after 9', '01234567-89ab-cdef-0123-456789abcde:'],
    ['a character before a', '01234567-89ab-cdef-0123-456789abcde`'],
    ['a full-width digit', '01234567-89ab-cdef-0123-456789abcde\uff11'],
    ['a sign', '+1234567-89ab-cdef-0123-456789abcdef'],
    ['white space', ' 1234567-89ab-cdef-0123-456789abcdef'],
    ['another scheme', 'order-service'],
    ['nothing', ''],
    ['a great length', 'x'.repeat(100_000)],
  ])('takes the digest of an id that is no canonical UUID: %s', (_, id) => {
    expect(bytes(compactId(id))).toBe(digest(id));
  });

  it.each([0, 9, 14, 19, 24, 35])('notices a wrong character at position %i', (at) => {
    const uuid = '01234567-89ab-cdef-0123-456789abcdef';
    const id = `${uuid.slice(0, at)}x${uuid.slice(at + 1)}`;
    expect(bytes(compactId(id))).toBe(digest(id));
  });

  it.each([8, 13, 18, 23])('notices that the hyphen at position %i is none', (at) => {
    const uuid = '01234567-89ab-cdef-0123-456789abcdef';
    const id = `${uuid.slice(0, at)}0${uuid.slice(at + 1)}`;
    expect(bytes(compactId(id))).toBe(digest(id));
  });
});
