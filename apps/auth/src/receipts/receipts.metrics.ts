import { counters, gauge, type MetricSource } from '@jwt-auth/chassis';

import type { ReceiptsService } from './receipts.service.js';

/** The services that follow the feed, as this process knows them. */
export function receiptMetrics(receipts: ReceiptsService): MetricSource {
  return (registry) => {
    gauge(
      registry,
      {
        name: 'revocation_feed_followers',
        help: 'Named processes that follow the feed of this process and are not stale',
      },
      () => receipts.liveFollowerCount,
    );
    gauge(
      registry,
      { name: 'revocation_receipts_waiting', help: 'Callers that wait for services to apply' },
      () => receipts.waitingReceiptCount,
    );
    counters(
      registry,
      {
        name: 'revocation_receipts_total',
        help: 'Receipts by outcome: every live service had applied the revocation, or not',
        label: 'outcome',
      },
      () => receipts.outcomes,
    );
  };
}
