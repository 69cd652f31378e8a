import { Reflector } from '@nestjs/core';
import { declaredOnce, type RouteDecorator } from './declared-once.js';

/** A whole number of milliseconds, seconds or minutes: `500ms`, `2s`, `1m`. */
export type FreshnessLimit = `${bigint}${'ms' | 's' | 'm'}`;

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

/** The metadata behind `@Freshness()`, in milliseconds. */
export const FreshnessMs = Reflector.createDecorator<number>();

/**
 * Demands a revocation list no older than this, where the application's own limit is not enough: a
 * token that was revoked longer ago than `limit` is never let in. A limit above the application's
 * changes nothing.
 *
 * @throws TypeError for anything but a duration from `100ms` up (no list over a network is kept
 * fresher), or a second `@Freshness()`.
 */
export function Freshness(limit: FreshnessLimit): RouteDecorator {
  const { count, unit } = /^(?<count>[1-9]\d{0,6})(?<unit>ms|s|m)$/.exec(limit)?.groups ?? {};
  const limitMs = Number(count) * (UNIT_MS[unit ?? ''] ?? NaN);
  if (!(limitMs >= 100))
    throw new TypeError(`@Freshness() takes a duration like "2s", not "${limit}".`);
  return declaredOnce('Freshness', FreshnessMs.KEY, FreshnessMs(limitMs));
}

/**
 * Chooses availability for a route: a revocation list that is too old is good enough for it. Not
 * one that was never read, and a token known to be revoked is still refused.
 */
export const AcceptStale = Reflector.createDecorator<void, true>({ transform: () => true });
