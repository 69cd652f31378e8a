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
  const login = async (name: string, userAgent: string) => {
    const body = { email: `${name}@example.com`, password };
    const headers = { 'user-agent': userAgent };
    const answer = await call<{ access_token: string }>(`${auth}/auth/login`, { body, headers });
    return answer.access_token;
  };
  const logout = (token: string) => call(`${auth}/auth/logout`, { token, method: 'POST' });

  const ada = await login('ada', FIREFOX);
  const { items } = await call<{ items: unknown[] }>(`${orders}/orders?limit=1`, { token: ada });
  if (items.length > 0) return void (await logout(ada));
  for (const ordered of ORDERS) {
    await call(`${orders}/orders`, { token: ada, body: { currency: 'EUR', items: ordered } });
  }
  await login('ada', IPHONE);
  const admin = await login('admin', FIREFOX);
  await call(`${auth}/admin/clients`, { token: admin, body: CLIENT });
  await logout(admin);
}

interface Call {
  token?: string;
  body?: object;
  headers?: Record<string, string>;
  method?: string;
}

async function call<T>(
  url: string,
  { token, body, headers, method = body ? 'POST' : 'GET' }: Call,
): Promise<T> {
  const response = await fetch(url, {
    method,
    headers: {
      ...headers,
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url} was answered with ${response.status}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}
