import { randomBytes } from 'node:crypto';
import {
  authSettings,
  call,
  outcome,
  DEMO,
  freePort,
  startApp,
  withClient,
  type RunningApp,
} from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import type pg from 'pg';

type Environment = Record<string, string>;

export interface StackOptions {
  /** How many auth processes share the database. */
  processes?: number;
  withOrders?: boolean;
  /** Gives orders a client of its own, so that it takes reference tokens. */
  mayIntrospect?: boolean;
  /** The path of the issuer, as `/tenants/one`. */
  issuerPath?: string;
  /** Of pages that may call auth and orders. */
  corsOrigins?: string;
  /** Settings of auth. */
  env?: Environment;
  /** By how many seconds the clock of the last auth process is ahead. */
  lastClockAheadSeconds?: number;
}

/** Of the pages that may call the shared stack. */
export const PAGE_ORIGIN = 'https://app.example.com';

let shared: Promise<Stack> | undefined;

/** Moves the clock of a Node process: `Date` is ahead, monotonic clocks are not. */
function clockAhead(seconds: number): Environment {
  const now = `Real.now()+${seconds * 1000}`;
  const code = `const Real=Date;globalThis.Date=new Proxy(Real,{
    construct:(_,given,self)=>Reflect.construct(Real,given.length?given:[${now}],self),
    get:(_,name,self)=>name==='now'?()=>${now}:Reflect.get(Real,name,self)})`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
}

/** Built auth processes on one database of their own, and orders, which trusts them. */
export class Stack {
  private readonly processes: RunningApp[] = [];
  private ordersApp: RunningApp | undefined;

  private constructor(
    private readonly ports: readonly number[],
    /** What every auth process here is given. */
    readonly env: Environment,
    private readonly ordersEnv: Environment,
    private readonly lastClockAheadSeconds: number,
  ) {}

  /**
   * Two auth processes and orders, the same for all spec files of a worker: for specs that stop no
   * process, change no key and no setting, and read only rows of their own. Do not stop it:
   * its processes end with the worker.
   */
  static shared(): Promise<Stack> {
    shared ??= Stack.start({
      processes: 2,
      withOrders: true,
      mayIntrospect: true,
      corsOrigins: PAGE_ORIGIN,
      env: { TRUST_PROXY: '1', REGISTRATION_LIMIT: '1000000' },
    });
    return shared;
  }

  static async start({
    processes = 1,
    withOrders = false,
    mayIntrospect = false,
    issuerPath = '',
    corsOrigins = '',
    env = {},
    lastClockAheadSeconds = 0,
  }: StackOptions = {}) {
    const ports: number[] = [];
    while (ports.length < processes) ports.push(await freePort());
    const issuer = `http://127.0.0.1:${ports[0]}${issuerPath}`;
    const secret = randomBytes(32).toString('base64url');
    const credentials = mayIntrospect && { CLIENT_ID: DEMO.clientId, CLIENT_SECRET: secret };
    const stack = new Stack(
      ports,
      {
        ...authSettings({ DATABASE_URL: await freshDatabase(), ISSUER: issuer }),
        CORS_ORIGINS: corsOrigins,
        ...(mayIntrospect && { DEMO_CLIENT_SECRET: secret }),
        ...env,
      },
      withOrders
        ? {
            ORDERS_DATABASE_URL: await freshDatabase(),
            ISSUER: issuer,
            CORS_ORIGINS: corsOrigins,
            ...credentials,
          }
        : {},
      lastClockAheadSeconds,
    );
    await stack.startAll();
    return stack;
  }

  /** The address of an auth process. */
  auth(index = 0): string {
    return this.process(index).url;
  }

  process(index = 0): RunningApp {
    const process = this.processes[index];
    if (!process) throw new Error(`There is no auth process ${index}`);
    return process;
  }

  /** The address of orders. */
  get orders(): string {
    return this.ordersProcess.url;
  }

  get ordersProcess(): RunningApp {
    if (!this.ordersApp) throw new Error('This stack has no orders');
    return this.ordersApp;
  }

  /** What orders says of an access token: `ok`, or the code of its refusal. */
  async verdict(token: string): Promise<unknown> {
    return outcome(await call(`${this.orders}/orders`, { token }));
  }

  /** Starts an auth process anew where it listened before. It must have ended. */
  async restart(index: number): Promise<void> {
    const { env, ports, lastClockAheadSeconds: ahead } = this;
    const clock = ahead > 0 && index === ports.length - 1 ? clockAhead(ahead) : {};
    this.processes[index] = await startApp('auth', {
      env: { ...env, ...clock },
      port: ports[index],
    });
  }

  /** Ends everything but the database, and starts it again. */
  async restartAll(): Promise<void> {
    await this.stop();
    await this.startAll();
  }

  /** Looks into the database of auth, or does there what no endpoint does. */
  query<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return queryAt<Row>(this.database, sql, values);
  }

  /** The database of auth. */
  get database(): string {
    return this.env['DATABASE_URL'] ?? '';
  }

  /** The database of orders. */
  get ordersDatabase(): string {
    return this.ordersEnv['ORDERS_DATABASE_URL'] ?? '';
  }

  /** Does something while a transaction in the database of auth is open. */
  async holding<T>(sql: string, work: () => Promise<T>): Promise<T> {
    return withClient(this.database, async (client) => {
      await client.query(`BEGIN; ${sql}`);
      return work();
    });
  }

  /** Everything that the auth processes have printed. */
  log(): string {
    return this.processes.map((process) => process.log()).join('\n');
  }

  async stop(): Promise<void> {
    const running = [...this.processes, ...(this.ordersApp ? [this.ordersApp] : [])];
    await Promise.all(running.map((app) => app.stop()));
  }

  private async startAll(): Promise<void> {
    await Promise.all(this.ports.map((_port, index) => this.restart(index)));
    if (!this.ordersEnv['ISSUER']) return;
    this.ordersApp = await startApp('orders', { env: this.ordersEnv });
  }
}

/** One statement at one database. */
export async function queryAt<Row extends pg.QueryResultRow>(
  url: string,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  return withClient(url, async (client) => (await client.query<Row>(sql, values)).rows);
}

/** Bounds for `expect.poll`. */
export const within = (seconds: number) => ({ timeout: seconds * 1000, interval: 25 });
