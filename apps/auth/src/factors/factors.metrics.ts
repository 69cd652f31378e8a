import { counters, type MetricSource } from '@jwt-auth/chassis';

import type { SecondFactors } from './second-factors.js';

export function factorMetrics(secondFactors: SecondFactors): MetricSource {
  return (registry) =>
    counters(
      registry,
      {
        name: 'auth_second_factors_total',
        help: 'Checks of a second factor, by outcome',
        label: 'outcome',
      },
      () => secondFactors.outcomes.counts,
    );
}
