import type { JwtCoreStatistics } from '@jwt-auth/jwt-core';
import { Histogram, type Registry } from 'prom-client';

import { counter, counters, gauge, stateGauge, type MetricSource } from './metric-source.js';

/** From the same machine up to the staleness at which requests are refused. */
const REACH_BUCKETS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30,
];

/** Results of verifications, and the state of the revocation list and of the key set. */
export function jwtCoreMetrics(statistics: JwtCoreStatistics): MetricSource {
  return (registry) => {
    addTokens(registry, statistics);
    addRevocationList(registry, statistics);
    if (statistics.keySet) addKeySet(registry, () => statistics.keySet!);
  };
}

function addTokens(registry: Registry, statistics: JwtCoreStatistics): void {
  counters(
    registry,
    {
      name: 'jwt_verifications_total',
      help: 'Requests by the result of their access token: accepted, or the code of the refusal',
      label: 'result',
    },
    () => statistics.verdicts,
  );
  counter(
    registry,
    {
      name: 'jwt_remembered_token_uses_total',
      help: 'Verifications of JWTs that were seen before, whose signature was not checked again',
    },
    () => statistics.remembered.uses,
  );
  gauge(
    registry,
    { name: 'jwt_remembered_tokens', help: 'Verified JWTs that are remembered' },
    () => statistics.remembered.tokens,
  );
}

function addRevocationList(registry: Registry, statistics: JwtCoreStatistics): void {
  const list = () => statistics.revocationList;
  gauge(
    registry,
    { name: 'revocation_list_entries', help: 'Revocations that are held in memory' },
    () => list().entries,
  );
  counter(
    registry,
    {
      name: 'revocation_list_replacements_total',
      help: 'Whole lists that the feed has sent in place of the one that was there',
    },
    () => list().replacements,
  );
  stateGauge(
    registry,
    {
      name: 'revocation_list_state',
      help: 'blind: never had a snapshot; stale: too old to decide by. Both refuse with 503. none: nothing to read',
      states: ['blind', 'fresh', 'stale', 'none'],
    },
    () => list().state,
  );
  gauge(
    registry,
    {
      name: 'revocation_list_proof_age_seconds',
      help: 'Since the list was last known to be complete. +Inf while blind',
    },
    () => list().proofAgeMs / 1000,
  );
  gauge(
    registry,
    {
      name: 'revocation_list_max_staleness_seconds',
      help: 'The age from which requests are refused: REVOCATION_MAX_STALENESS',
    },
    () => list().maxStalenessMs / 1000,
  );
  gauge(
    registry,
    {
      name: 'jwt_issuers_without_revocations',
      help: 'Issuers whose tokens are accepted although they cannot be revoked',
    },
    () => statistics.issuers.filter((each) => each.revocationList.state === 'none').length,
  );
  const reach = new Histogram({
    name: 'revocation_reach_seconds',
    help: 'From the recording of a revocation until it was in force here, without the network',
    buckets: REACH_BUCKETS_SECONDS,
    registers: [registry],
  });
  statistics.onReach((ms) => reach.observe(ms / 1000));
}

function addKeySet(
  registry: Registry,
  keySet: () => NonNullable<JwtCoreStatistics['keySet']>,
): void {
  gauge(
    registry,
    { name: 'jwt_key_set_keys', help: 'Public keys of the issuer in memory' },
    () => keySet().keys,
  );
  gauge(
    registry,
    {
      name: 'jwt_key_set_age_seconds',
      help: 'Since the keys in memory were requested. +Inf while there are none',
    },
    () => keySet().ageMs / 1000,
  );
  stateGauge(
    registry,
    {
      name: 'jwt_key_set_state',
      help: 'stale: the last fetch failed, older keys are used; missing: tokens cannot be verified',
      states: ['missing', 'fresh', 'stale'],
    },
    () => keySet().state,
  );
}
