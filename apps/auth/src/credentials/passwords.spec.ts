import { describe, expect, it } from 'vitest';

import { NewPassword, TypedPassword } from './passwords.js';

const faults = (password: unknown): string[] =>
  NewPassword.safeParse(password).error?.issues.map(({ message }) => message) ?? [];

describe('a new password', () => {
  it.each([
    ['twelve letters', 'x'.repeat(12)],
    ['128 letters', 'x'.repeat(128)],
    ['words with spaces', 'correct horse battery staple'],
    ['another script', 'пароль из двенадцати'],
    ['twelve characters beyond the BMP', '🐎'.repeat(12)],
    ['128 characters beyond the BMP, which are 256 units', '🐎'.repeat(128)],
  ])('may be %s', (_, password) => {
    expect(faults(password)).toEqual([]);
  });

  it.each([
    ['eleven letters', 'x'.repeat(11), 'at least 12 characters'],
    ['eleven characters of two units each', '🐎'.repeat(11), 'at least 12 characters'],
    ['129 letters', 'x'.repeat(129), 'at most 128 characters'],
    ['one that is short once it is normalized', 'e\u0301'.repeat(11), 'at least 12 characters'],
    ['one that is long once it is normalized', 'ﷺ'.repeat(8), 'at most 128 characters'],
    ['half a surrogate pair', `\ud83d${'x'.repeat(20)}`, 'well-formed'],
    ['one of the commonest', 'password1234', 'commonest'],
    ['one of the commonest in capitals', 'PASSWORD1234', 'commonest'],
    ['one of the commonest in wide letters', 'ｐａｓｓｗｏｒｄ1234', 'commonest'],
  ])('may not be %s', (_, password, reason) => {
    expect(faults(password).join()).toContain(reason);
  });

  it.each([[undefined], [null], [123456789012], [['x'.repeat(12)]], [{}]])(
    'may not be %j',
    (password) => {
      expect(faults(password)).toHaveLength(1);
    },
  );

  it('is never quoted in the error', () => {
    expect(faults('hunter2').join()).not.toContain('hunter2');
  });

  it.each([
    ['accents', 'caf\u00e9 au lait, s.v.p.', 'cafe\u0301 au lait, s.v.p.'],
    ['widths', 'correct horse', 'ｃｏｒｒｅｃｔ　ｈｏｒｓｅ'],
  ])('is the same in each form of %s that keyboards write', (_, one, other) => {
    expect(NewPassword.parse(other)).toBe(NewPassword.parse(one));
    expect(TypedPassword.parse(other)).toBe(NewPassword.parse(one));
  });
});
