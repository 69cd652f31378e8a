import {
  authSettings,
  freePort,
  startApp,
  startPostgres,
  type RunningApp,
} from '@jwt-auth/dev-stack';
import type { Effort } from '../harness/benchmark.js';
import { startOrShare } from '../harness/smoke-resources.js';

/** A Postgres. */
export interface Databases extends AsyncDisposable {
  readonly pid: number;
  /** Makes a database. @returns its address */
  create(name: string): Promise<string>;
}

/** Processes of one app that end together. */
export interface Apps extends AsyncDisposable {
  readonly running: readonly RunningApp[];
}

/** Auth processes on one database. */
export interface Auths extends Apps {
  readonly issuer: string;
  readonly databaseUrl: string;
}

export interface AuthOptions {
  readonly count?: number;
  readonly settings?: Readonly<Record<string, string>>;
}

/** Settings for every benchmark: in a smoke run they share these auth processes. */
const sharedAuths = {
  count: 2,
  settings: { TRUST_PROXY: 'loopback', REFRESH_RETRY_WINDOW: '10m' },
};

export function startDatabases(effort: Effort): Promise<Databases> {
  return startOrShare(effort, 'databases', async () => {
    const postgres = await startPostgres();
    return {
      pid: postgres.pid,
      create: (name) => postgres.createDatabase(name),
      [Symbol.asyncDispose]: () => postgres.stop(),
    };
  });
}

/** One key for all that this run starts: another auth can read the keys in a copy of a database. */
const common = authSettings({ LOG_LEVEL: 'warn' });

/** The environment of an auth process. */
export const authEnvironment = (databaseUrl: string, issuer: string): Record<string, string> => ({
  ...common,
  DATABASE_URL: databaseUrl,
  ISSUER: issuer,
});

/** The environment of an orders process. */
export const ordersEnvironment = (databaseUrl: string, issuer: string): Record<string, string> => ({
  ORDERS_DATABASE_URL: databaseUrl,
  ISSUER: issuer,
  LOG_LEVEL: 'warn',
});

/** Auth processes on a new database. Of those that are shared there may be more than were asked for. */
export function startAuths(
  effort: Effort,
  databases: Databases,
  options: AuthOptions = {},
): Promise<Auths> {
  return startOrShare(effort, 'auths', async () =>
    startAuthsOn(await databases.create('auth'), effort === 'smoke' ? sharedAuths : options),
  );
}

export async function startAuthsOn(
  databaseUrl: string,
  { count = 1, settings = {} }: AuthOptions = {},
): Promise<Auths> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort());
  const issuer = `http://127.0.0.1:${ports[0]}`;
  const env = { ...authEnvironment(databaseUrl, issuer), ...settings };
  const apps = await together(ports.map((port) => startApp('auth', { env, port })));
  return { ...apps, issuer, databaseUrl };
}

/** Orders processes on a new database, for the tokens of an auth. */
export function startOrders(
  effort: Effort,
  databases: Databases,
  { issuer }: Auths,
  count = 1,
): Promise<Apps> {
  return startOrShare(effort, 'orders', async () => {
    const env = ordersEnvironment(await databases.create('orders'), issuer);
    return together(Array.from({ length: count }, () => startApp('orders', { env })));
  });
}

/** Starts all of them, or none: if one fails, the others are stopped. */
async function together(starts: readonly Promise<RunningApp>[]): Promise<Apps> {
  const outcomes = await Promise.allSettled(starts);
  const running = outcomes.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const stop = async () => {
    await Promise.all(running.map((app) => app.stop()));
  };
  const failure = outcomes.find((each) => each.status === 'rejected');
  if (failure) {
    await stop();
    throw failure.reason;
  }
  return { running, [Symbol.asyncDispose]: stop };
}
