import { Registry } from 'prom-client';
import { expect, it } from 'vitest';

import { Outcomes } from '../outcomes.js';
import type { RefreshService } from './refresh.service.js';
import { refreshMetrics } from './sessions.metrics.js';

it('counts refreshes by their outcome', async () => {
  const outcomes = new Outcomes(['refresh_token_reused']);
  await outcomes.of(Promise.resolve());
  const registry = new Registry();
  refreshMetrics({ outcomes } as unknown as RefreshService)(registry);
  const lines = (await registry.metrics()).split('\n');
  expect(lines.filter((line) => line.startsWith('auth_'))).toEqual([
    'auth_refreshes_total{outcome="succeeded"} 1',
    'auth_refreshes_total{outcome="refresh_token_reused"} 0',
    'auth_refreshes_total{outcome="failed"} 0',
  ]);
});
