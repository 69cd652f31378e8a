import { expect, it } from 'vitest';

import { proofOf } from './factor.js';

it.each([
  ['123456', { code: '123456' }],
  [' 123 456 ', { code: '123456' }],
  ['12345', { recoveryCode: '12345' }],
  [' abcd-efgh ', { recoveryCode: 'abcd-efgh' }],
])('takes %j for %j', (typed, proof) => {
  expect(proofOf(typed)).toEqual(proof);
});
