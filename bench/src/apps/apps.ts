import { randomBytes } from 'node:crypto';
import { freePort, startApp, startPostgres, type RunningApp } from '@jwt-auth/dev-stack';

/** A Postgres that ends with the benchmark. */
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
}

/** One for all that this run starts, so that a copy of a database is of use to another auth. */
const keyEncryptionKey = randomBytes(32).toString('base64');

export async function startDatabases(): Promise<Databases> {
  const postgres = await startPostgres();
  return {
    pid: postgres.pid,
    create: (name) => postgres.createDatabase(name),
    [Symbol.asyncDispose]: () => postgres.stop(),
  };
}

/** The environment of an auth process. */
export const authSettings = (databaseUrl: string, issuer: string): Record<string, string> => ({
  DATABASE_URL: databaseUrl,
  ISSUER: issuer,
  KEY_ENCRYPTION_KEY: keyEncryptionKey,
  LOG_LEVEL: 'warn',
});

/** The environment of an orders process. */
export const ordersSettings = (databaseUrl: string, issuer: string): Record<string, string> => ({
  ORDERS_DATABASE_URL: databaseUrl,
  ISSUER: issuer,
  LOG_LEVEL: 'warn',
});

export async function startAuths(
  databaseUrl: string,
  { count = 1, settings = {} }: { count?: number; settings?: Record<string, string> } = {},
): Promise<Auths> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort());
  const issuer = `http://127.0.0.1:${ports[0]}`;
  const env = { ...authSettings(databaseUrl, issuer), ...settings };
  const apps = await together(ports.map((port) => startApp('auth', { env, port })));
  return { ...apps, issuer };
}

export function startOrders(databaseUrl: string, issuer: string, count = 1): Promise<Apps> {
  const env = ordersSettings(databaseUrl, issuer);
  return together(Array.from({ length: count }, () => startApp('orders', { env })));
}

/** All of them, or none: what one of them cannot do must not leave the others behind. */
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
