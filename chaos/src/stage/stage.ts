import {
  authSettings,
  createTcpProxy,
  freePort,
  startPostgres,
  type PostgresServer,
  type TcpProxy,
} from '@jwt-auth/dev-stack';
import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MendedApp } from './mended-app.js';
import { Switch } from './switch.js';
import { clockMover, WallClock } from './wall-clock.js';

export interface StageOptions {
  readonly auths: number;
  readonly services: number;
  readonly stalenessMs: number;
}

/**
 * Everything that can break:
 *
 *     services → issuer (switch) → feeds (proxies) → auths → databases (proxies) → Postgres
 */
export class Stage {
  private constructor(
    readonly postgres: PostgresServer,
    /** Between each auth process and Postgres. */
    readonly databases: readonly TcpProxy[],
    readonly auths: readonly MendedApp[],
    /** Between the issuer's address and each auth process. */
    readonly feeds: readonly TcpProxy[],
    /** The issuer's address. */
    readonly issuer: Switch,
    readonly services: readonly MendedApp[],
    /** Of each service. */
    readonly clocks: readonly WallClock[],
    /** How clocks are moved on this machine. */
    readonly clockMover: string,
    private readonly directory: string,
  ) {}

  static async start({ auths, services, stalenessMs }: StageOptions): Promise<Stage> {
    const directory = join(tmpdir(), `chaos-${randomUUID()}`);
    mkdirSync(directory, { mode: 0o755 });
    // As durable as in production: an acknowledged revocation must survive a crash.
    const postgres = await startPostgres({ dir: join(directory, 'postgres'), ephemeral: false });
    const times = <T>(count: number, make: (index: number) => Promise<T>) =>
      Promise.all(Array.from({ length: count }, (_, index) => make(index)));

    const databases = await times(auths, () => createTcpProxy(postgres.port));
    const ports = await times(auths, () => freePort());
    const feeds = await times(auths, (index) => createTcpProxy(ports[index]!));
    const issuer = await Switch.open(
      await freePort(),
      feeds.map(({ port }) => port),
    );
    const ISSUER = `http://127.0.0.1:${issuer.port}`;
    const common = {
      ISSUER,
      LOG_LEVEL: 'warn',
      REVOCATION_MAX_STALENESS: `${stalenessMs}ms`,
    };

    const address = new URL(await postgres.createDatabase('auth'));
    const settings = authSettings(common);
    const authApps = ports.map((port, index) => {
      address.port = String(databases[index]!.port);
      return new MendedApp('auth', port, {
        ...settings,
        DATABASE_URL: address.href,
      });
    });
    const mover = clockMover(directory);
    const ORDERS_DATABASE_URL = await postgres.createDatabase('orders');
    const clocks = Array.from(
      { length: services },
      (_, index) => new WallClock(directory, `orders-${index}`, mover),
    );
    const orders = await times(services, async (index) => {
      const env = { ...common, ORDERS_DATABASE_URL, ...clocks[index]!.environment };
      return new MendedApp('orders', await freePort(), env);
    });
    const stage = new Stage(
      postgres,
      databases,
      authApps,
      feeds,
      issuer,
      orders,
      clocks,
      mover.name,
      directory,
    );
    try {
      for (const app of [...authApps, ...orders]) await app.start();
    } catch (error) {
      await stage.stop();
      throw error;
    }
    return stage;
  }

  /** Ends everything and leaves nothing. */
  async stop(): Promise<void> {
    await Promise.all([...this.services, ...this.auths].map((app) => app.stop()));
    await this.issuer.close();
    await Promise.all([...this.feeds, ...this.databases].map((proxy) => proxy.close()));
    await this.postgres.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
