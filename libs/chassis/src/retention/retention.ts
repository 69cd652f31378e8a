import {
  ConfigurableModuleBuilder,
  Inject,
  Injectable,
  Logger,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { DataSource, type EntityManager, type EntityTarget, type ObjectLiteral } from 'typeorm';

/** Rows of a table that are no longer needed. Part of a SQL statement: never build it from input. */
export interface ExpiredRows {
  readonly entity: EntityTarget<ObjectLiteral>;
  /**
   * SQL, with the properties of the entity as `expired.createdAt`, by the clock of the database,
   * which all processes share.
   */
  readonly condition: string;
  /** The property by which the oldest are found: its column has an index. */
  readonly age: string;
  /** `false`: nothing changes such rows, so none is locked first. That would need the right to change them. */
  readonly isLocked?: boolean;
}

export interface RetentionOptions {
  /** In the order in which they are removed. */
  readonly rows: readonly ExpiredRows[];
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<RetentionOptions>().setClassMethodName('forRoot').build();

// Soon, for processes that are replaced more often than the interval.
const FIRST_AFTER_MS = 5_000;
const INTERVAL_MS = 600_000;
const BATCH = 1_000;
/** Any number that all processes use, and nothing else in the database. */
const RETENTION_LOCK = 0x72657461;

/** How many rows were removed, by table. */
export type Removed = Readonly<Record<string, number>>;

/** Removes what has expired, in one process at a time. Requests never wait for it. */
@Injectable()
export class Retention implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Retention.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(
    private readonly dataSource: DataSource,
    @Inject(MODULE_OPTIONS_TOKEN) private readonly options: RetentionOptions,
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
   * Removes in batches, so that no row is locked for long, and skips rows that are locked. Does
   * nothing while another process removes.
   */
  async removeExpired(): Promise<Removed> {
    const runner = this.dataSource.createQueryRunner();
    try {
      // Held to the end: of two processes in turns, each could leave a row to the other.
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
    const failures: unknown[] = [];
    for (const rows of this.options.rows) {
      const { tableName } = manager.connection.getMetadata(rows.entity);
      try {
        const count = await this.removeAll(manager, rows, tableName);
        if (count > 0) removed[tableName] = (removed[tableName] ?? 0) + count;
      } catch (error) {
        // The tables after it are cleaned all the same.
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
    return removed;
  }

  private async removeAll(
    manager: EntityManager,
    { entity, condition, age, isLocked = true }: ExpiredRows,
    table: string,
  ): Promise<number> {
    const expired = manager
      .createQueryBuilder(entity, 'expired')
      .select('expired.ctid')
      .where(condition)
      .orderBy(`expired.${age}`)
      .limit(BATCH);
    if (isLocked) expired.setLock('pessimistic_write').setOnLocked('skip_locked');
    const oldest = expired.getQuery();
    let removed = 0;
    while (!this.isStopped) {
      const [, count] = await manager.query<[unknown[], number]>(
        `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(${oldest}))`,
      );
      removed += count;
      if (count < BATCH) break;
    }
    return removed;
  }

  private schedule(delayMs: number): void {
    // Half to one and a half of it, so that processes that start together run at different times.
    this.timer = setTimeout(
      () => {
        this.running = this.run();
      },
      delayMs * (0.5 + Math.random()),
    ).unref();
  }

  private async run(): Promise<void> {
    try {
      // As a list: the log hides members whose names contain `token`.
      const removed = Object.entries(await this.removeExpired()).map(([table, rows]) => ({
        table,
        rows,
      }));
      if (removed.length > 0) this.logger.log('Removed what has expired', { removed });
    } catch (error) {
      // The next run does what this one could not.
      this.logger.warn('Could not remove what has expired', error);
    }
    if (!this.isStopped) this.schedule(INTERVAL_MS);
  }
}

/** Removes from the app's `DataSource` what has expired, every ten minutes. */
@Module({ providers: [Retention] })
export class RetentionModule extends ConfigurableModuleClass {}
