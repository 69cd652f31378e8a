import { expect, it } from 'vitest';
import { isFollowerName } from './follower-identity.js';

it.each(['a', 'orders', '1.4.2+build.7', 'ns/orders:3001', 'X'.repeat(64)])(
  '%j can be the name of a follower',
  (name) => {
    expect(isFollowerName(name)).toBe(true);
  },
);

it.each([
  '',
  ' orders',
  'or ders',
  'orders\n',
  '-x',
  'x'.repeat(65),
  'örders',
  '\ud800',
  'a\0',
  undefined,
  null,
  7,
  ['orders'],
])('%j cannot', (name) => {
  expect(isFollowerName(name)).toBe(false);
});
