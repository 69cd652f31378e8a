import { expect, it } from 'vitest';

import { isPercentEncodedUtf8, isText } from './text.js';

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
