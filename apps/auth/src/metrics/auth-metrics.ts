import { counters, gauge, type MetricSource } from '@jwt-auth/chassis';
import type { PostgresRevocationSource } from '@jwt-auth/jwt-core/postgres';

import type { KeyRing } from '../keys/key-ring.js';
import type { CredentialsService } from '../users/credentials.service.js';
import type { RefreshService } from '../sessions/refresh.service.js';
import type { PasswordHasher } from '../users/password-hasher.js';

/** How people get in, and how busy the hashing of their passwords is. */
export function loginMetrics(login: CredentialsService, hasher: PasswordHasher): MetricSource {
  return (registry) => {
    counters(
      registry,
      {
        name: 'auth_logins_total',
        help: 'Checks of an e-mail and its password, by outcome',
        label: 'outcome',
      },
      () => login.outcomes.counts,
    );
    gauge(
      registry,
      { name: 'auth_password_hashes_running', help: 'Password hashes that are being computed' },
      () => hasher.load.running,
    );
    gauge(
      registry,
      {
        name: 'auth_password_hashes_waiting',
        help: 'Requests that wait for their turn to hash. Beyond 64 they are refused with 429',
      },
      () => hasher.load.waiting,
    );
  };
}

/** How sessions go on. */
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

/** The signing keys. */
export function keyMetrics(keys: KeyRing): MetricSource {
  return (registry) => {
    gauge(registry, { name: 'auth_published_keys', help: 'Keys in the JWKS' }, () => keys.size);
    gauge(
      registry,
      {
        name: 'auth_can_sign',
        help: '0: the active signing key cannot be decrypted, and no token is issued',
      },
      () => Number(keys.canSign),
    );
  };
}

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
