import { randomBytes } from 'node:crypto';

import { DEMO_CLIENT_ID, freePort, startApp } from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';

export interface RunningApps {
  /** Addresses. */
  auth: string;
  orders: string;
  stop(): Promise<void>;
}

/** Starts both built apps on new databases, as `npm start` does: orders may introspect. */
export async function startApps(
  env: { auth?: Record<string, string>; orders?: Record<string, string> } = {},
): Promise<RunningApps> {
  const port = await freePort();
  const ISSUER = `http://127.0.0.1:${port}`;
  const secret = randomBytes(32).toString('base64url');
  const auth = await startApp('auth', {
    port,
    env: {
      DATABASE_URL: await freshDatabase(),
      ISSUER,
      KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      DEMO_CLIENT_SECRET: secret,
      ...env.auth,
    },
  });
  const orders = await startApp('orders', {
    env: {
      ORDERS_DATABASE_URL: await freshDatabase(),
      ISSUER,
      CLIENT_ID: DEMO_CLIENT_ID,
      CLIENT_SECRET: secret,
      ...env.orders,
    },
  });
  return {
    auth: auth.url,
    orders: orders.url,
    stop: async () => void (await Promise.all([orders.stop(), auth.stop()])),
  };
}
