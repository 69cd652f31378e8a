import { expect, it } from 'vitest';

import { KeyAnswer, Kid } from './keys.schema.js';

it.each(['a', 'x'.repeat(128), 'Wz_09-'])('takes %j for the id of a key', (kid) => {
  expect(Kid.parse(kid)).toBe(kid);
});

it.each(['', 'x'.repeat(129), ' a', 'a ', 'a b', 'a\0', 'a\n', 'é', 5, null])(
  'takes %j for no id of a key',
  (kid) => {
    expect(Kid.safeParse(kid).success).toBe(false);
  },
);

it.each(['next', 'active', 'retired', 'withdrawn'])('describes a key that is %s', (state) => {
  const at = '2026-01-02T03:04:05.678Z';
  const key = { kid: 'a', state, createdAt: at, activatedAt: null, retiredAt: at };
  expect(KeyAnswer.parse(key)).toEqual(key);
  expect(KeyAnswer.safeParse({ ...key, state: '' }).success).toBe(false);
});
