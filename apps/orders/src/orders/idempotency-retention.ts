import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { DataSource } from 'typeorm';

// Soon: a process that is replaced more often than the interval would else never come to it.
const FIRST_AFTER_MS = 5_000;
const INTERVAL_MS = 600_000;
const BATCH = 1_000;
/** Any number will do, so long as all processes agree and nothing else in the database uses it. */
const RETENTION_LOCK = 7_296_518_035;

/** Removes idempotency keys a day after they were used: nobody repeats a request for longer. */
@Injectable()
export class IdempotencyRetention implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(IdempotencyRetention.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(private readonly dataSource: DataSource) {}

  onApplicationBootstrap(): void {
    this.schedule(FIRST_AFTER_MS);
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /**
   * Removes what is expired in batches, so that no lock is held for long, and passes over keys that
   * someone else has locked. Does nothing while another process is at it.
   *
   * @returns how many keys it removed
   */
  async removeExpired(): Promise<number> {
    let removed = 0;
    for (;;) {
      const batch = await this.removeBatch();
      removed += batch;
      if (batch < BATCH || this.isStopped) return removed;
    }
  }

  private removeBatch(): Promise<number> {
    return this.dataSource.transaction(async (manager) => {
      const [lock] = await manager.query<{ isOurs: boolean }[]>(
        'SELECT pg_try_advisory_xact_lock($1) AS "isOurs"',
        [RETENTION_LOCK],
      );
      if (!lock?.isOurs) return 0;
      const [, count] = await manager.query<[unknown[], number]>(
        `DELETE FROM idempotency_keys WHERE (customer_id, key) IN (
           SELECT customer_id, key FROM idempotency_keys
           WHERE created_at < now() - interval '24 hours'
           ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED)`,
        [BATCH],
      );
      return count;
    });
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
      const removed = await this.removeExpired();
      if (removed > 0) this.logger.log('Removed expired idempotency keys', { removed });
    } catch (error) {
      // The next run makes good what this one could not do.
      this.logger.warn('Could not remove expired idempotency keys', error);
    }
    if (!this.isStopped) this.schedule(INTERVAL_MS);
  }
}
