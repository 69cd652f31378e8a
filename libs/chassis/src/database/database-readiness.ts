import type { DataSource } from 'typeorm';

import type { ReadinessCheck } from '../health/readiness.js';

/** Ready while the database answers a query. */
export function databaseReadiness(dataSource: DataSource): ReadinessCheck {
  return {
    name: 'database',
    check: async () => {
      try {
        await dataSource.query('SELECT 1');
        return undefined;
      } catch {
        return 'cannot be reached';
      }
    },
  };
}
