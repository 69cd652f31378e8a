import { describe, expect, it } from 'vitest';

import { Email, emailKey, EmailPrefix } from './email.js';

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
    // RFC 6531, and the examples of other scripts of the EAI tests of ICANN.
    'ädä@example.com',
    'δοκιμή@example.com',
    'данные@example.com',
    '用户@example.com',
    'उपयोगकर्ता@example.com',
    'می\u200cخواهم@example.com',
    '😀@example.com',
    'a.é.b@example.com',
    `${'ä'.repeat(32)}@example.com`,
    // RFC 5321 section 4.1.2 and RFC 3696 section 3.
    '"a b"@example.com',
    '"a@b"@example.com',
    '"a..b"@example.com',
    '".a"@example.com',
    '"a.\\"b\\""@example.com',
    '"\\\\"@example.com',
    '""@example.com',
    '" "@example.com',
    '"ä b"@example.com',
    '"<script>"@example.com',
    `"${'a '.repeat(31)}"@example.com`,
  ])('may be %s', (text) => {
    expect(read(text)).toBe(text);
  });

  it.each([
    ['spaces around it', '  ada@example.com ', 'ada@example.com'],
    ['a line break after it', 'ada@example.com\n', 'ada@example.com'],
    ['a domain in another script', 'ada@пример.рф', 'ada@xn--e1afmkfd.xn--p1ai'],
    ['an umlaut of two characters', 'a\u0308da@example.com', 'äda@example.com'],
    ['a character with a twin', '\u212Aelvin@example.com', 'Kelvin@example.com'],
    ['quotes without need', '"ada"@example.com', 'ada@example.com'],
    ['a backslash without need', '"a\\b c"@example.com', '"ab c"@example.com'],
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
    ['case', 'Ada@example.com', 'ada@EXAMPLE.com'],
    ['case beyond ASCII', 'ÄDA@example.com', 'äda@example.com'],
    ['composition', 'A\u0308DA@example.com', 'äda@example.com'],
    ['quotes', '"Ada"@example.com', 'ada@example.com'],
  ])('belongs to one account, whatever its %s', (_, one, other) => {
    expect(emailKey(Email.parse(one))).toBe(emailKey(Email.parse(other)));
  });

  // threat:lookalike-addresses
  it.each([
    ['ada@example.com', 'аda@example.com'],
    ['ada@example.com', 'ａda@example.com'],
    ['smith@example.com', 'ſmith@example.com'],
    ['ines@example.com', 'ınes@example.com'],
    ['ada@example.com', '" ada"@example.com'],
  ])('belongs to one mailbox: %s is not %s', (one, other) => {
    expect(emailKey(Email.parse(one))).not.toBe(emailKey(Email.parse(other)));
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
    '"a b@example.com',
    'a"b"@example.com',
    '"a"b"@example.com',
    '"a"."b"@example.com',
    '"a\\"@example.com',
    '"a\tb"@example.com',
    '"a\\\tb"@example.com',
    '"a\r\nBcc: b"@example.com',
    '"a\0b"@example.com',
    'ä b@example.com',
    'ä..b@example.com',
    'ada\u202E@example.com',
    'ada\u200B@example.com',
    'a\u00A0da@example.com',
    'a\u2028da@example.com',
    'a\u0085da@example.com',
    'a\uFEFFda@example.com',
    'a\uFFFEda@example.com',
    'a\uE000da@example.com',
    '"a\u00A0b"@example.com',
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
    'a\0@example.com',
    'a@example.com\0',
    'a\ud800@example.com',
    'ada@\ud800.example',
    'a\r\nBcc: b@example.com',
    `${'a'.repeat(65)}@example.com`,
    `${'ä'.repeat(33)}@example.com`,
    `"${'a '.repeat(32)}"@example.com`,
    `a@${'b'.repeat(64)}.example`,
    `a@${'b.'.repeat(125)}example`,
  ])('is not %j', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it('is checked in time linear to its length', () => {
    const begun = performance.now();
    for (const text of [
      `"${'\\\\'.repeat(8000)}@`,
      `"${'ä'.repeat(8000)}@a`,
      'a.'.repeat(8000),
      `a@${'a-'.repeat(8000)}`,
      `${'a'.repeat(16_000)}@`,
    ]) {
      expect(read(text)).toBeUndefined();
    }
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});

describe('the beginning of an e-mail', () => {
  it('may be any part of it', () => {
    expect(EmailPrefix.parse(' Ada@exa')).toBe('Ada@exa');
  });

  it('has the domain, if it is beyond ASCII, as accounts have it', () => {
    expect(EmailPrefix.parse('ada@пример.рф')).toBe('ada@xn--e1afmkfd.xn--p1ai');
  });

  it.each(['a\nb', 'a\0b', 'a\ud800', '', 'ada@xn--ü'])('is not %j', (text) => {
    expect(EmailPrefix.safeParse(text).success).toBe(false);
  });
});
