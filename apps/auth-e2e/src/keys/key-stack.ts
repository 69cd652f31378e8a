import { call, outcome, type Answer, startApp, type RunningApp, DEMO } from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';

import { decode, login } from '../users.js';
import { Stack } from '../stack.js';
import { Gateway } from './gateway.js';

export interface KeyAnswer {
  kid: string;
  state: 'next' | 'active' | 'retired' | 'withdrawn';
}

export const JWKS_PATH = '/.well-known/jwks.json';

/** Which key signed a token. */
export const kidOf = (token: string): unknown => decode(token).header['kid'];

/** Two auth processes behind a gateway, and two orders processes that know only the gateway. */
export class KeyStack {
  private constructor(
    readonly gateway: Gateway,
    readonly stack: Stack,
    private readonly orders: readonly RunningApp[],
    private readonly adminToken: string,
  ) {}

  /** With default settings in everything. */
  static async start(): Promise<KeyStack> {
    const gateway = await Gateway.open();
    const stack = await Stack.start({ processes: 2, env: { ISSUER: gateway.url } });
    gateway.balance(stack.auth(0), stack.auth(1));
    const ORDERS_DATABASE_URL = await freshDatabase();
    const env = { ORDERS_DATABASE_URL, ISSUER: gateway.url };
    const orders = await Promise.all([1, 2].map(() => startApp('orders', { env })));
    const admin = await login(stack.auth(), DEMO.admin.email, DEMO.password);
    return new KeyStack(gateway, stack, orders, admin.access_token);
  }

  /** What each orders process says of an access token: `ok`, or the code of its refusal. */
  verdicts(token: string): Promise<unknown[]> {
    return Promise.all(
      this.orders.map(async ({ url }) => outcome(await call(`${url}/orders`, { token }))),
    );
  }

  /** Which keys an auth process publishes. */
  async published(process: number): Promise<string[]> {
    const { body } = await call<{ keys: KeyAnswer[] }>(`${this.stack.auth(process)}${JWKS_PATH}`);
    return body.keys.map(({ kid }) => kid);
  }

  /** An administrator's call at an auth process: `rotate`, or `<kid>/withdraw`. */
  change(process: number, path: string): Promise<Answer<KeyAnswer[]>> {
    const url = `${this.stack.auth(process)}/admin/keys/${path}`;
    return call(url, { method: 'POST', token: this.adminToken });
  }

  async stop(): Promise<void> {
    await Promise.all(this.orders.map((app) => app.stop()));
    await this.stack.stop();
    this.gateway.close();
  }
}
