import { expect, it } from 'vitest';

import { inOrder } from './receipt.js';

it('has the fastest first, and leaves the receipt as it is', () => {
  const applied = [
    { service: 'a', instance: '1', afterMs: 9 },
    { service: 'b', instance: '1', afterMs: 3 },
  ];
  const receipt = { revocation: { kind: 'jti', id: '1' }, applied, pending: [] };
  expect(inOrder(receipt).map(({ service }) => service)).toEqual(['b', 'a']);
  expect(applied[0]?.service).toBe('a');
});
