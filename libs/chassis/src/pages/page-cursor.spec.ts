import { createHash, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { decodeCursor, encodeCursor, PageCursorError } from './page-cursor.js';

const Position = z.tuple([z.string().regex(/^\d{1,16}$/), z.uuid()]);
const LIST = 'things of "ada"';
const position = ['1795600000123456', randomUUID()] as const;
const cursor = encodeCursor(LIST, position);

/** A cursor with the right form and checksum, as a caller can make one. */
function forged(content: string): string {
  const bytes = Buffer.from(content);
  const checksum = createHash('sha256').update(`${LIST}\n`).update(bytes).digest().subarray(0, 8);
  return Buffer.concat([checksum, bytes]).toString('base64url');
}

describe('a page cursor', () => {
  it('gives back its position', () => {
    expect(decodeCursor(LIST, cursor, Position)).toEqual(position);
    expect(forged(JSON.stringify(position))).toBe(cursor);
  });

  it('is refused with any one character changed', () => {
    for (let i = 0; i < cursor.length; i += 1) {
      const changed = cursor.slice(0, i) + (cursor[i] === 'A' ? 'B' : 'A') + cursor.slice(i + 1);
      expect(() => decodeCursor(LIST, changed, Position)).toThrow(PageCursorError);
    }
  });

  it('is refused in another list', () => {
    expect(() => decodeCursor('things of "eve"', cursor, Position)).toThrow(PageCursorError);
  });

  it.each([
    ['nothing', ''],
    ['a half', cursor.slice(0, 20)],
    ['more', `${cursor}AAAA`],
    ['padded', `${cursor}=`],
    ['broken by white space', `${cursor.slice(0, 20)} ${cursor.slice(20)}`],
    ['of the other alphabet', '+'.repeat(40)],
    ['of other characters', 'ü'.repeat(40)],
  ])('is refused when it is %s', (_, text) => {
    expect(() => decodeCursor(LIST, text, Position)).toThrow(PageCursorError);
  });

  it.each([
    ['no JSON', '['],
    ['nothing', ''],
    ['null', 'null'],
    ['an object', '{"0":"1"}'],
    ['a text', '"1"'],
    ['an empty position', '[]'],
    ['too short a position', '["1"]'],
    ['too long a position', JSON.stringify([...position, 'x'])],
    ['a number instead of a text', JSON.stringify([1, position[1]])],
    ['an instant that is too large', JSON.stringify(['9'.repeat(17), position[1]])],
    ['an instant that is none', JSON.stringify(['infinity', position[1]])],
    ['an id that is none', JSON.stringify([position[0], '\0'])],
    ['bytes that are no UTF-8', Buffer.of(0xff, 0xfe).toString('latin1')],
  ])('with the right checksum is refused when it holds %s', (_, content) => {
    expect(() => decodeCursor(LIST, forged(content), Position)).toThrow(PageCursorError);
  });
});
