import { randomBytes } from 'node:crypto';
import { DEMO } from '../stack/demo.js';
import { startApp } from '../stack/running-app.js';
import { authSettings } from '../stack/settings.js';
import { freePort } from '../supervision/free-port.js';
import { freshDatabase } from './fresh-database.js';

export interface RunningApps {
  /** Addresses. That of auth is its issuer: a browser offers WebCrypto to pages of this machine. */
  auth: string;
  orders: string;
  authDatabase: string;
  stop(): Promise<void>;
}

/** Starts both built apps on new databases, as `npm start` does: orders may introspect. */
export async function startApps(
  env: { auth?: Record<string, string>; orders?: Record<string, string> } = {},
): Promise<RunningApps> {
  const port = await freePort();
  const ISSUER = `http://localhost:${port}`;
  const authDatabase = await freshDatabase();
  const secret = randomBytes(32).toString('base64url');
  const auth = await startApp('auth', {
    port,
    env: {
      ...authSettings({ DATABASE_URL: authDatabase, ISSUER }),
      DEMO_CLIENT_SECRET: secret,
      ...env.auth,
    },
  });
  const orders = await startApp('orders', {
    env: {
      ORDERS_DATABASE_URL: await freshDatabase(),
      ISSUER,
      CLIENT_ID: DEMO.clientId,
      CLIENT_SECRET: secret,
      ...env.orders,
    },
  }).catch(async (error: unknown) => {
    await auth.stop();
    throw error;
  });
  return {
    auth: ISSUER,
    orders: orders.url,
    authDatabase,
    stop: async () => void (await Promise.all([orders.stop(), auth.stop()])),
  };
}
