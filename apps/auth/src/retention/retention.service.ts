import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { DataSource } from 'typeorm';

import { EXPIRED_ROWS, type ExpiredRows } from './expired-rows.js';

const INTERVAL_MS = 600_000;
const BATCH = 1_000;
/** Any number will do, so long as all processes agree and nothing else in the database uses it. */
const RETENTION_LOCK = 0x72657461;

/** How many rows were removed, by table. */
export type Removed = Readonly<Record<string, number>>;

/** Removes what has expired, in one process at a time and without holding anyone up. */
@Injectable()
export class RetentionService implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(RetentionService.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(private readonly dataSource: DataSource) {}

  onApplicationBootstrap(): void {
    // Anywhere from half to one and a half of the interval: processes that start together do not
    // come together.
    const delayMs = INTERVAL_MS * (0.5 + Math.random());
    this.timer = setTimeout(() => {
      this.running = this.run();
    }, delayMs).unref();
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /**
   * Removes in batches, so that no lock is held for long, and passes over rows that someone else
   * has locked. Does nothing while another process is at it.
   */
  async removeExpired(): Promise<Removed> {
    const removed: Record<string, number> = {};
    for (const rows of EXPIRED_ROWS) {
      const count = await this.removeAll(rows);
      if (count > 0) removed[rows.table] = count;
    }
    return removed;
  }

  private async removeAll(rows: ExpiredRows): Promise<number> {
    let removed = 0;
    while (!this.isStopped) {
      const batch = await this.removeBatch(rows);
      removed += batch;
      if (batch < BATCH) break;
    }
    return removed;
  }

  private removeBatch({ table, condition, age }: ExpiredRows): Promise<number> {
    return this.dataSource.transaction(async (manager) => {
      const [lock] = await manager.query<{ isOurs: boolean }[]>(
        'SELECT pg_try_advisory_xact_lock($1) AS "isOurs"',
        [RETENTION_LOCK],
      );
      if (!lock?.isOurs) return 0;
      const [, count] = await manager.query<[unknown[], number]>(
        `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM ${table} WHERE ${condition}
           ORDER BY ${age} LIMIT $1 FOR UPDATE SKIP LOCKED))`,
        [BATCH],
      );
      return count;
    });
  }

  private async run(): Promise<void> {
    try {
      const removed = await this.removeExpired();
      if (Object.keys(removed).length > 0) this.logger.log('Removed what has expired', { removed });
    } catch (error) {
      // The next run makes good what this one could not do.
      this.logger.warn('Could not remove what has expired', error);
    }
    if (!this.isStopped) this.onApplicationBootstrap();
  }
}
