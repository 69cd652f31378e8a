import { describe, expect, it } from 'vitest';

import { Identifier } from './identifier.js';
import { line } from './line.js';

const name = line(10);
const notOnOneLine = [
  ['two lines', 'a\nb'],
  ['NUL', 'a\0b'],
  ['a control character of Latin-1', 'a\u0085b'],
  ['half a surrogate pair', 'a\ud800b'],
];

describe('text on one line', () => {
  it('is any script, without the white space around it', () => {
    expect(name.parse(' Ada 名 \u{1f600}\n')).toBe('Ada 名 \u{1f600}');
  });

  it.each(notOnOneLine)('has no %s', (_, text) => {
    expect(name.safeParse(text).error?.issues.map(({ message }) => message)).toEqual([
      'expected no control characters',
    ]);
  });

  it('is bounded', () => {
    expect(name.safeParse('a'.repeat(10)).success).toBe(true);
    expect(name.safeParse('a'.repeat(11)).success).toBe(false);
  });
});

describe('an identifier', () => {
  it.each(notOnOneLine)('has no %s', (_, text) => {
    expect(Identifier.safeParse(text).success).toBe(false);
  });
});
