import { call, type Call } from './call.js';

const PASSWORD = 'correct horse battery staple';

/**
 * What auth makes in development. It has these values in its sources as well, which never import this
 * package: the defaults of `settings.ts`, `demo-users.ts` and `demo-client.ts`.
 */
export const DEMO = {
  password: PASSWORD,
  admin: { email: 'admin@example.com', password: PASSWORD },
  ada: { email: 'ada@example.com', password: PASSWORD },
  /** Of the client as which services introspect reference tokens. */
  clientId: 'de300000-0000-4000-8000-00000000c11e',
};

export interface Demo {
  /** Addresses of the two apps. */
  auth: string;
  orders: string;
  /** Of the demo users. */
  password: string;
}

const [FIREFOX, IPHONE] = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
];
const ORDERS = [
  [{ sku: 'tea', quantity: 2, unitPrice: 450 }],
  [{ sku: 'kettle', quantity: 1, unitPrice: 3_990 }],
  [
    { sku: 'cup', quantity: 6, unitPrice: 700 },
    { sku: 'tray', quantity: 1, unitPrice: 1_250 },
  ],
];
const CLIENT = {
  name: 'Warehouse',
  grants: ['client_credentials'],
  scopes: ['orders:read'],
};

/**
 * Gives a new stack something to see in the console: sessions and orders of Ada, and a client. Nothing
 * if Ada has an order. All of it through the API, as anyone could.
 * @throws Error naming the call that failed
 */
export async function fillDemo({ auth, orders, password }: Demo): Promise<void> {
  const login = async ({ email }: { email: string }, userAgent: string) => {
    const body = { email, password };
    const headers = { 'user-agent': userAgent };
    const answer = await demand<{ access_token: string }>(`${auth}/auth/login`, { body, headers });
    return answer.access_token;
  };
  const logout = (token: string) => demand(`${auth}/auth/logout`, { token, method: 'POST' });

  const ada = await login(DEMO.ada, FIREFOX);
  const { items } = await demand<{ items: unknown[] }>(`${orders}/orders?limit=1`, { token: ada });
  if (items.length > 0) return void (await logout(ada));
  for (const ordered of ORDERS) {
    await demand(`${orders}/orders`, { token: ada, body: { currency: 'EUR', items: ordered } });
  }
  await login(DEMO.ada, IPHONE);
  const admin = await login(DEMO.admin, FIREFOX);
  await demand(`${auth}/admin/clients`, { token: admin, body: CLIENT });
  await logout(admin);
}

async function demand<T>(url: string, request: Call): Promise<T> {
  const { method = request.body === undefined ? 'GET' : 'POST' } = request;
  const signal = AbortSignal.timeout(10_000);
  const { status, body } = await call<T>(url, { ...request, method, signal });
  if (status < 300) return body;
  throw new Error(`${method} ${url} was answered with ${status}`);
}
