import {
  authSettings,
  freePort,
  startApp,
  startPostgres,
  withClient,
  type PostgresServer,
  type RunningApp,
  type SupervisedProcess,
} from '@jwt-auth/dev-stack';
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { startNginx } from './nginx.js';

/** Of each app, with the same name. */
export const DATABASES = ['auth', 'orders'] as const;

/** A role that the apps connect as. */
export interface Login {
  readonly role: string;
  readonly password: string;
}

export const newPassword = (): string => randomBytes(24).toString('base64url');

/** One app of the stage, as several processes. */
type AppName = (typeof DATABASES)[number];

interface Process {
  readonly app: AppName;
  readonly port: number;
  running: RunningApp | undefined;
}

export interface DrillStageOptions {
  readonly hasStandby?: boolean;
  /** Whether the apps are reached through nginx, which sends a request to the next process after a 503. */
  readonly isBehindNginx?: boolean;
  /** Makes a folder for the tables of auth. Default: they are where all data are. */
  readonly folderOfTables?: (owner: Owner) => string;
}

/** The account that Postgres runs as. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Two auth processes and two of orders on one Postgres, or on a primary and its standby. */
export class DrillStage {
  private readonly processes: Process[] = [];
  private readonly balancerPorts = new Map<AppName, number>();
  private nginx: SupervisedProcess | undefined;
  private readonly authSettings = authSettings({});

  private constructor(
    /** The one that accepts writes at first. */
    readonly postgres: PostgresServer,
    readonly standby: PostgresServer | undefined,
    private login: Login,
  ) {}

  static async start(options: DrillStageOptions = {}): Promise<DrillStage> {
    const { hasStandby = false, isBehindNginx = false, folderOfTables } = options;
    const postgres = await startPostgres();
    const login = { role: 'service', password: newPassword() };
    await prepare(postgres, login);
    const owner = statSync(postgres.dataDir);
    if (folderOfTables) {
      await statement(postgres, `CREATE TABLESPACE small LOCATION '${folderOfTables(owner)}'`);
      await statement(postgres, 'ALTER DATABASE auth SET TABLESPACE small');
    }
    let standby: PostgresServer | undefined;
    if (hasStandby) {
      standby = await (await postgres.backup()).startStandby();
      // So that what the primary has confirmed is never lost.
      await statement(postgres, `ALTER SYSTEM SET synchronous_standby_names = '*'`);
      await statement(postgres, 'SELECT pg_reload_conf()');
    }
    const stage = new DrillStage(postgres, standby, login);
    for (const app of ['auth', 'auth', 'orders', 'orders'] as const) {
      stage.processes.push({ app, port: await freePort(), running: undefined });
    }
    if (isBehindNginx) await stage.startNginx(owner);
    for (const app of DATABASES) await stage.startApp(app);
    return stage;
  }

  /** Makes the role of the apps and their databases, which are empty. */
  prepare(server: PostgresServer): Promise<void> {
    return prepare(server, this.login);
  }

  /** Where clients reach an app: its processes, or the balancer in front of them. */
  urls(app: AppName): string[] {
    const balancer = this.balancerPorts.get(app);
    const ports = balancer === undefined ? this.of(app).map(({ port }) => port) : [balancer];
    return ports.map((port) => `http://127.0.0.1:${port}`);
  }

  async startApp(app: AppName): Promise<void> {
    for (const process of this.of(app)) process.running = await this.startProcess(process);
  }

  async stopApp(app: AppName): Promise<void> {
    await Promise.all(this.of(app).map(async ({ running }) => running?.stop()));
  }

  /** One process after the other, from now on with this login. Default: the one of before. */
  async restartAll(login = this.login): Promise<void> {
    this.login = login;
    for (const process of this.processes) {
      await process.running?.stop();
      process.running = await this.startProcess(process);
    }
  }

  /** Whether each process of an app says that it is ready. */
  async isReady(app: AppName): Promise<boolean> {
    const answers = await Promise.all(this.urls(app).map((url) => fetch(`${url}/health/ready`)));
    return answers.every(({ ok }) => ok);
  }

  async stop(): Promise<void> {
    await Promise.all(DATABASES.map((app) => this.stopApp(app)));
    await this.nginx?.stop();
    await this.postgres.stop();
    await this.standby?.stop();
  }

  private of(app: AppName): Process[] {
    return this.processes.filter((each) => each.app === app);
  }

  private async startNginx(owner: Owner): Promise<void> {
    for (const app of DATABASES) this.balancerPorts.set(app, await freePort());
    const upstreams = [...this.balancerPorts].map(([name, port]) => ({
      ...{ name, port },
      processPorts: this.of(name).map((process) => process.port),
    }));
    this.nginx = await startNginx(upstreams, owner);
  }

  private startProcess({ app, port }: Process): Promise<RunningApp> {
    const { role, password } = this.login;
    const servers = [this.postgres, ...(this.standby ? [this.standby] : [])];
    const hosts = servers.map((server) => `127.0.0.1:${server.port}`).join();
    const address = `postgres://${role}:${password}@${hosts}/${app}`;
    return startApp(app, {
      port,
      env: {
        ...(app === 'auth' && this.authSettings),
        [app === 'auth' ? 'DATABASE_URL' : 'ORDERS_DATABASE_URL']: address,
        ISSUER: this.urls('auth')[0],
        LOG_LEVEL: 'warn',
        // The clients log in again and again.
        SESSIONS_PER_USER: '10000',
        ...(this.nginx && { SHUTDOWN_DELAY: '2s', TRUST_PROXY: 'loopback' }),
      },
    });
  }
}

async function prepare(server: PostgresServer, { role, password }: Login): Promise<void> {
  await statement(server, `CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
  for (const name of DATABASES) await statement(server, `CREATE DATABASE ${name} OWNER ${role}`);
}

/** Runs one statement as the superuser. */
export async function statement(
  server: PostgresServer,
  sql: string,
  database = 'postgres',
): Promise<Record<string, unknown>[]> {
  return withClient(server.url(database), async (client) => {
    // The server may be killed meanwhile: the query then rejects anyway.
    client.on('error', () => undefined);
    return (await client.query<Record<string, unknown>>(sql)).rows;
  });
}

/** Ends the connections of a role to a database, as a fail-over or an administrator does. */
export async function endConnections(
  server: PostgresServer,
  role: string,
  database: string,
): Promise<void> {
  await statement(
    server,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE usename = '${role}' AND datname = '${database}'`,
  );
}
