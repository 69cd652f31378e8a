import { Registry } from 'prom-client';
import { expect, it } from 'vitest';

import type { KeyRing } from './key-ring.js';
import { keyMetrics } from './keys.metrics.js';

it.each([
  [true, 1],
  [false, 0],
])('says how many keys are published, and whether one signs: %s', async (canSign, shown) => {
  const registry = new Registry();
  keyMetrics({ size: 3, canSign } as KeyRing)(registry);
  const lines = (await registry.metrics()).split('\n');
  expect(lines.filter((line) => line.startsWith('auth_'))).toEqual([
    'auth_published_keys 3',
    `auth_can_sign ${shown}`,
  ]);
});
