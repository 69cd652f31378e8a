import { describe, expect, it } from 'vitest';

import { Email, emailKey } from './email.js';

const read = (text: string): string | undefined => Email.safeParse(text).data;

describe('an e-mail address', () => {
  it.each([
    'ada@example.com',
    'a/b@example.com',
    "o'neil+orders@example.com",
    '!#$%&*+-/=?^_`{|}~@example.com',
    'x@a.co',
    'first.second.third@sub.sub.example.museum',
    'ada@xn--e1afmkfd.xn--p1ai',
    'ada@example.xn--vermgensberatung-pwb',
    'ada@1and1.example',
    'Ada@Example.COM',
    `${'a'.repeat(64)}@example.com`,
    `a@${'b'.repeat(63)}.example`,
  ])('may be %s', (text) => {
    expect(read(text)).toBe(text);
  });

  it.each([
    ['spaces around it', '  ada@example.com ', 'ada@example.com'],
    ['a line break after it', 'ada@example.com\n', 'ada@example.com'],
    ['a domain in another script', 'ada@пример.рф', 'ada@xn--e1afmkfd.xn--p1ai'],
    ['a domain with an umlaut', 'ada@Münster.example', 'ada@xn--mnster-3ya.example'],
  ])('is normalized: %s', (_, text, kept) => {
    expect(read(text)).toBe(kept);
  });

  it('belongs to one account in both spellings of its domain', () => {
    const [unicode, ascii] = ['ada@пример.рф', 'ADA@XN--E1AFMKFD.xn--p1ai'].map((text) =>
      emailKey(Email.parse(text)),
    );
    expect(unicode).toBe(ascii);
  });

  it.each([
    '',
    'ada',
    '@example.com',
    'ada@',
    'ada@example',
    'ada@@example.com',
    'a@b@example.com',
    '.ada@example.com',
    'ada.@example.com',
    'a..b@example.com',
    'a b@example.com',
    'ada@exam ple.com',
    '"a b"@example.com',
    'ada@[192.0.2.1]',
    'ada@192.0.2.1',
    'ada@example..com',
    'ada@-example.com',
    'ada@example-.com',
    'ada@exam_ple.com',
    'ada@example.com.',
    'ada@example.com/path',
    'ada@пример.рф/path',
    'ada@ex\u2044ample.com',
    'ädä@example.com',
    '\u212Aelvin@example.com',
    'a\0@example.com',
    'a@example.com\0',
    'a\ud800@example.com',
    'ada@\ud800.example',
    'a\r\nBcc: b@example.com',
    `${'a'.repeat(65)}@example.com`,
    `a@${'b'.repeat(64)}.example`,
    `a@${'b.'.repeat(125)}example`,
  ])('is not %j', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it('is checked in time linear to its length', () => {
    const begun = performance.now();
    for (const text of ['a.'.repeat(8000), `a@${'a-'.repeat(8000)}`, `${'a'.repeat(16_000)}@`]) {
      expect(read(text)).toBeUndefined();
    }
    expect(performance.now() - begun).toBeLessThan(500);
  });
});
