import { startApp, type RunningApp } from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';

/** The built orders app, with a database of its own, trusting `issuer`. */
export async function startOrders(
  issuer: string,
  env: Record<string, string> = {},
): Promise<RunningApp> {
  return startApp('orders', {
    env: { ORDERS_DATABASE_URL: await freshDatabase(), ISSUER: issuer, ...env },
  });
}
