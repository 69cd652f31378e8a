import { expect, it } from 'vitest';

import { changesOf } from './form-values.js';

const BEGUN = { name: 'a', roles: ['user', 'admin'], claims: { tenant: 'blue' } };

it.each([
  ['nothing that is as it was', {}, {}],
  ['no list in another order', { roles: ['admin', 'user'] }, {}],
  ['a text', { name: 'b' }, { name: 'b' }],
  ['a list that became empty', { roles: [] }, { roles: [] }],
  ['an object', { claims: { tenant: 'red' } }, { claims: { tenant: 'red' } }],
])('has %s', (_what, change, expected) => {
  expect(changesOf(BEGUN, { ...BEGUN, ...change })).toEqual(expected);
});

it('has all that a new thing begins without', () => {
  expect(changesOf<typeof BEGUN>({ claims: { tenant: 'blue' } }, BEGUN)).toEqual({
    name: 'a',
    roles: ['user', 'admin'],
  });
});
