import { describe, expect, it } from 'vitest';

import { Identifier, isPercentEncodedUtf8, isText, line } from './text.js';

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

it.each(['', 'a', 'ä', '\u{1f600}', '\ufffd', '\u0001', '\ue000'])('%j is text', (value) => {
  expect(isText(value)).toBe(true);
});

it.each(['\0', 'a\0b', '\ud800', 'a\udfff', '\udc00\ud800', '\u{1f600}\ud83d'])(
  '%j is no text',
  (value) => {
    expect(isText(value)).toBe(false);
  },
);

it.each(['', 'a=b&c', 'a=%C3%A4', 'a=%f0%9f%98%80', 'a=100%', 'a=%zz', 'a=%2', 'a=+%25'])(
  '%s is percent-encoded UTF-8',
  (form) => {
    expect(isPercentEncodedUtf8(form)).toBe(true);
  },
);

it.each(['a=%E4', 'a=%ED%A0%80', 'a=%C0%80', 'a=%F4%90%80%80', '%ff=a', 'a=%C3&b=%A4'])(
  '%s is not percent-encoded UTF-8',
  (form) => {
    expect(isPercentEncodedUtf8(form)).toBe(false);
  },
);
