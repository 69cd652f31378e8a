import { gauge, type MetricSource } from '@jwt-auth/chassis';
import type { PostgresRevocationSource } from '@jwt-auth/jwt-core/postgres';

/** The revocation feed of this process. */
export function feedMetrics(source: PostgresRevocationSource): MetricSource {
  return (registry) => {
    gauge(
      registry,
      {
        name: 'revocation_feed_waiting_reads',
        help: 'Readers that wait for news: the long polls of services, and the list of this process',
      },
      () => source.waitingReads,
    );
    gauge(
      registry,
      {
        name: 'revocation_feed_max_waiting_reads',
        help: 'From so many on, answers come without waiting',
      },
      () => source.maxWaitingReads,
    );
    gauge(
      registry,
      {
        name: 'revocation_feed_read_age_seconds',
        help: 'Since the last read of the table that succeeded. +Inf before the first',
      },
      () => source.lastReadAgeMs / 1000,
    );
  };
}
