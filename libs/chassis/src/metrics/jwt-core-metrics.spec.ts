import type { JwtCoreStatistics } from '@jwt-auth/jwt-core';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';

import { jwtCoreMetrics } from './jwt-core-metrics.js';

it('has the numbers of the revocation list, with how often a whole new one came', async () => {
  const statistics: Partial<JwtCoreStatistics> = {
    revocationList: {
      entries: 5,
      replacements: 2,
      state: 'stale',
      proofAgeMs: 31_500,
      maxStalenessMs: 30_000,
    },
    verdicts: {} as JwtCoreStatistics['verdicts'],
    remembered: { tokens: 0, uses: 0 },
    issuers: [],
    onReach: () => () => undefined,
  };
  const registry = new Registry();
  jwtCoreMetrics(statistics as JwtCoreStatistics)(registry);
  const lines = (await registry.metrics()).split('\n');
  expect(lines.filter((line) => /^revocation_list/.test(line))).toEqual([
    'revocation_list_entries 5',
    'revocation_list_replacements_total 2',
    'revocation_list_state{state="blind"} 0',
    'revocation_list_state{state="fresh"} 0',
    'revocation_list_state{state="stale"} 1',
    'revocation_list_state{state="none"} 0',
    'revocation_list_proof_age_seconds 31.5',
    'revocation_list_max_staleness_seconds 30',
  ]);
});
