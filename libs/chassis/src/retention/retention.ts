import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import type { ExpiredRows } from './expired-rows.js';
import { RETENTION_OPTIONS, type RetentionOptions } from './retention.options.js';

// Soon: a process that is replaced more often than the interval would else never come to it.
const FIRST_AFTER_MS = 5_000;
const INTERVAL_MS = 600_000;
const BATCH = 1_000;
/** Any number will do, so long as all processes agree and nothing else in the database uses it. */
const RETENTION_LOCK = 0x72657461;

/** How many rows were removed, by table. */
export type Removed = Readonly<Record<string, number>>;

/** Removes what has expired, in one process at a time and without holding anyone up. */
@Injectable()
export class Retention implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Retention.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(
    private readonly dataSource: DataSource,
    @Inject(RETENTION_OPTIONS) private readonly options: RetentionOptions,
  ) {}

  onApplicationBootstrap(): void {
    this.schedule(FIRST_AFTER_MS);
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /**
   * Removes in batches, so that no row is locked for long, and passes over those that someone else
   * has locked. Does nothing while another process is at it.
   */
  async removeExpired(): Promise<Removed> {
    const runner = this.dataSource.createQueryRunner();
    try {
      // Until all is done: of two that took turns, each could leave to the other what neither does.
      const [lock] = await runner.manager.query<{ isOurs: boolean }[]>(
        'SELECT pg_try_advisory_lock($1) AS "isOurs"',
        [RETENTION_LOCK],
      );
      if (!lock?.isOurs) return {};
      try {
        return await this.removeEach(runner.manager);
      } finally {
        await runner.query('SELECT pg_advisory_unlock($1)', [RETENTION_LOCK]);
      }
    } finally {
      await runner.release();
    }
  }

  private async removeEach(manager: EntityManager): Promise<Removed> {
    const removed: Record<string, number> = {};
    for (const rows of this.options.rows) {
      const count = await this.removeAll(manager, rows);
      if (count > 0) removed[rows.table] = count;
    }
    return removed;
  }

  private async removeAll(
    manager: EntityManager,
    { table, condition, age }: ExpiredRows,
  ): Promise<number> {
    let removed = 0;
    while (!this.isStopped) {
      const [, count] = await manager.query<[unknown[], number]>(
        `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM ${table} WHERE ${condition}
           ORDER BY ${age} LIMIT $1 FOR UPDATE SKIP LOCKED))`,
        [BATCH],
      );
      removed += count;
      if (count < BATCH) break;
    }
    return removed;
  }

  private schedule(delayMs: number): void {
    // Anywhere from half to one and a half of it: processes that start together do not come together.
    this.timer = setTimeout(
      () => {
        this.running = this.run();
      },
      delayMs * (0.5 + Math.random()),
    ).unref();
  }

  private async run(): Promise<void> {
    try {
      // As a list: the log keeps members that are named like tokens to itself.
      const removed = Object.entries(await this.removeExpired()).map(([table, rows]) => ({
        table,
        rows,
      }));
      if (removed.length > 0) this.logger.log('Removed what has expired', { removed });
    } catch (error) {
      // The next run makes good what this one could not do.
      this.logger.warn('Could not remove what has expired', error);
    }
    if (!this.isStopped) this.schedule(INTERVAL_MS);
  }
}
