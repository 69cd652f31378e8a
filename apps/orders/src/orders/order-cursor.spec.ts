import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { fromCursor, toCursor } from './order-cursor.js';
import { OrderError } from './order-error.js';

const filter = { customerId: 'ada', status: 'open' } as const;
const position = { createdAt: new Date('2026-11-23T12:34:56.789Z'), id: randomUUID() };
const cursor = toCursor(position, filter);

describe('a cursor', () => {
  it('gives back its position', () => {
    expect(fromCursor(cursor, filter)).toEqual(position);
  });

  it('is refused with any one character changed', () => {
    for (let i = 0; i < cursor.length; i += 1) {
      const other = cursor[i] === 'A' ? 'B' : 'A';
      const changed = cursor.slice(0, i) + other + cursor.slice(i + 1);
      expect(() => fromCursor(changed, filter)).toThrow(OrderError);
    }
  });

  it.each([
    ['nothing', ''],
    ['a half', cursor.slice(0, 20)],
    ['more', `${cursor}AAAA`],
    ['padding', `${cursor}=`],
    ['white space in the middle', `${cursor.slice(0, 20)} ${cursor.slice(20)}`],
    ['the other alphabet', '+'.repeat(40)],
    ['the right length of other characters', 'ü'.repeat(40)],
  ])('is refused when it is %s', (_name, text) => {
    expect(() => fromCursor(text, filter)).toThrow(OrderError);
  });

  it.each([
    ['another customer', { ...filter, customerId: 'eve' }],
    ['another status', { ...filter, status: 'cancelled' as const }],
    ['no status', { customerId: 'ada' }],
  ])('is refused in the list of %s', (_name, other) => {
    expect(() => fromCursor(cursor, other)).toThrow(OrderError);
  });
});
