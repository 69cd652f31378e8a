import { Gauge } from 'prom-client';
import type { DataSource } from 'typeorm';

import { poolOf } from '../database/database-pool.js';
import { gauge, type MetricSource } from './metric-source.js';

/** How busy the connections to the database are. */
export function databasePoolMetrics(dataSource: DataSource): MetricSource {
  return (registry) => {
    const pool = () => poolOf(dataSource);
    new Gauge({
      name: 'database_pool_connections',
      help: 'Open connections of the pool',
      labelNames: ['state'],
      registers: [registry],
      collect() {
        const { idleCount, totalCount } = pool();
        this.set({ state: 'idle' }, idleCount);
        this.set({ state: 'in_use' }, totalCount - idleCount);
      },
    });
    gauge(
      registry,
      { name: 'database_pool_max_connections', help: 'As many as the pool may open' },
      () => pool().options.max,
    );
    gauge(
      registry,
      {
        name: 'database_pool_waiting',
        help: 'Queries and transactions that wait for a connection',
      },
      () => pool().waitingCount,
    );
  };
}
