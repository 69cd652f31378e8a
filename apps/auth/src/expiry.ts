import type { ExpiredRows } from '@jwt-auth/chassis';

/**
 * Rows that expire are removed a day late: a clock that was wrong for an hour removes nothing too early, and a
 * client that is late gets `expired`, not `invalid`.
 */
export const aDayAfterExpiry = (entity: ExpiredRows['entity']): ExpiredRows => ({
  entity,
  condition: `expired.expiresAt < now() - interval '1 day'`,
  age: 'expiresAt',
});
