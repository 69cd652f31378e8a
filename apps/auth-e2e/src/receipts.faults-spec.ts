import { call, outcome, type Answer, startApp, type RunningApp } from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Administrator } from './administrator.js';
import { Gateway } from './keys/gateway.js';
import { Stack } from './stack.js';
import { decode, newSession } from './users.js';

interface Receipt extends Record<string, unknown> {
  revocation: { kind: string; id: string };
  applied: { service: string; instance: string; afterMs: number }[];
  pending: { service: string; instance: string }[];
}

interface Service extends Record<string, unknown> {
  service: string;
  instance: string;
  version?: string;
  state: string;
  lagMs: number | null;
}

let gateway: Gateway;
let stack: Stack;
let orders: RunningApp[];
let admin: Administrator;
beforeAll(async () => {
  gateway = await Gateway.open();
  stack = await Stack.start({ processes: 2, env: { ISSUER: gateway.url } });
  gateway.balance(stack.auth(0), stack.auth(1));
  admin = await Administrator.login(stack.auth());
  orders = await Promise.all([startOrders(), startOrders()]);
});
afterAll(async () => {
  await Promise.all((orders ?? []).map((each) => each.stop()));
  await stack?.stop();
  gateway?.close();
});

async function startOrders(): Promise<RunningApp> {
  const env = { ORDERS_DATABASE_URL: await freshDatabase(), ISSUER: gateway.url };
  return startApp('orders', { env });
}

const auths = () => [stack.auth(0), stack.auth(1)];
const services = async (auth = stack.auth()) =>
  (await admin.call<Service[]>(auth, 'services')).body;
const verdicts = (token: string) =>
  Promise.all(orders.map(async ({ url }) => outcome(await call(`${url}/orders`, { token }))));
/** A token that all processes of orders accept. */
async function acceptedToken(): Promise<string> {
  const { access_token: token } = await newSession(stack.auth());
  await expect.poll(() => verdicts(token)).toEqual(orders.map(() => 'ok'));
  return token;
}
const revoke = (auth: string, token: string, wait = '5s'): Promise<Answer<Receipt>> =>
  admin.call<Receipt>(auth, `revocations?wait=${wait}`, {
    body: { kind: 'jti', id: String(decode(token).payload['jti']) },
  });
const names = (list: { service: string }[]) => list.map(({ service }) => service);

describe('two processes of orders behind two processes of auth', () => {
  it('are listed by each of them', async () => {
    const { version } = (await call<{ version: string }>(`${orders[0]!.url}/version`)).body;
    const listed = { service: 'orders', version, state: 'fresh' };
    for (const auth of auths()) {
      await expect
        .poll(() => services(auth))
        .toEqual([expect.objectContaining(listed), expect.objectContaining(listed)]);
    }
  });

  it('have both applied a revocation when its receipt says so, and refuse the token', async () => {
    for (const auth of auths()) {
      const token = await acceptedToken();
      const { status, body } = await revoke(auth, token);
      expect(await verdicts(token)).toEqual(['token_revoked', 'token_revoked']);
      expect([status, names(body.applied), body.pending]).toEqual([200, ['orders', 'orders'], []]);
      expect(Math.max(...body.applied.map(({ afterMs }) => afterMs))).toBeLessThan(5_000);
    }
  });

  it('have both ended a session when its logout is answered', async () => {
    const token = await acceptedToken();
    const { status, headers, body } = await call<Receipt>(`${stack.auth(1)}/auth/logout`, {
      method: 'POST',
      token,
      headers: { prefer: 'wait=5' },
    });
    expect(await verdicts(token)).toEqual(['token_revoked', 'token_revoked']);
    expect([status, headers.get('preference-applied')]).toEqual([200, 'wait=5']);
    expect(body.revocation).toMatchObject({ kind: 'sid', id: decode(token).payload['sid'] });
    expect([names(body.applied), body.pending]).toEqual([['orders', 'orders'], []]);
  });

  it('are listed each by itself when one of them hangs', async () => {
    const token = await acceptedToken();
    orders[1]?.kill('SIGSTOP');
    try {
      const { body } = await revoke(stack.auth(), token, '500ms');
      expect([names(body.applied), names(body.pending)]).toEqual([['orders'], ['orders']]);
      const [pending] = body.pending;
      const listed = (await services()).find(({ instance }) => instance === pending?.instance);
      expect(listed?.lagMs).toBeGreaterThan(0);
    } finally {
      orders[1]?.kill('SIGCONT');
    }
    const { body } = await revoke(stack.auth(), await acceptedToken());
    expect(body.pending).toEqual([]);
  });

  it('are waited for with an invented follower, but not beyond the time-out', async () => {
    const query = 'service=made-up&instance=x';
    await call(`${stack.auth(1)}/revocations?${query}`);
    const beganAtMs = performance.now();
    const { body } = await revoke(stack.auth(), await acceptedToken(), '300ms');
    expect(performance.now() - beganAtMs).toBeLessThan(20_000);
    expect([names(body.applied), names(body.pending)]).toEqual([['orders', 'orders'], ['made-up']]);
    await call(`${stack.auth(1)}/revocations?${query}&leaving=true`);
    await expect.poll(async () => names(await services())).toEqual(['orders', 'orders']);
  });

  it('acknowledge to an auth process that has been restarted', async () => {
    await stack.process(0).stop();
    await stack.restart(0);
    const { body } = await revoke(stack.auth(0), await acceptedToken());
    expect([names(body.applied), body.pending]).toEqual([['orders', 'orders'], []]);
  });

  it('are not waited for any more once they have ended', async () => {
    await orders.pop()?.stop();
    await expect.poll(async () => names(await services())).toEqual(['orders']);
    const { body } = await revoke(stack.auth(1), await acceptedToken());
    expect([names(body.applied), body.pending]).toEqual([['orders'], []]);
  });
});
