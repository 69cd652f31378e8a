import { counters, type MetricSource } from '@jwt-auth/chassis';

import type { RefreshService } from './refresh.service.js';

export function refreshMetrics(refreshing: RefreshService): MetricSource {
  return (registry) =>
    counters(
      registry,
      {
        name: 'auth_refreshes_total',
        help: 'Exchanges of a refresh token, by outcome. refresh_token_reused: two hold it',
        label: 'outcome',
      },
      () => refreshing.outcomes.counts,
    );
}
