import type { ExpiredRows } from '@jwt-auth/chassis';

/** Idempotency keys, a day after they were used: nobody repeats a request for longer. */
export const EXPIRED_ROWS: readonly ExpiredRows[] = [
  {
    table: 'idempotency_keys',
    condition: `created_at < now() - interval '24 hours'`,
    age: 'created_at',
  },
];
