import { randomBytes } from 'node:crypto';

import type { Principal } from '@jwt-auth/browser';
import { authSettings, DEMO, freePort, startApp } from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

import { FrontDoor, type Seen } from './front-door.js';
import { servePages } from './pages.js';

/**
 * Short, so that tokens expire within a test, but longer than a busy machine takes for the steps of one.
 * Nothing is tolerated beyond it.
 */
export const TOKEN_LIFE_MS = 10_000;

export const REFRESH = '/auth/refresh';

/** auth and orders behind doors that count, a page that may call them, two that may not, and a browser. */
export class BrowserStack {
  private users = 0;

  private constructor(
    readonly auth: FrontDoor,
    readonly orders: FrontDoor,
    private readonly browser: Browser,
    /** The origin in CORS_ORIGINS. It is of the same site as auth. */
    readonly page: string,
    /** Of the same site, but not in CORS_ORIGINS. */
    readonly sibling: string,
    /** Of another site. */
    readonly foreign: string,
  ) {}

  static async start(executablePath: string): Promise<BrowserStack> {
    const auth = await FrontDoor.open(await freePort());
    const orders = await FrontDoor.open(await freePort());
    const ownPort = await servePages(() => auth.url);
    const otherPort = await servePages(() => undefined);
    const page = `http://localhost:${ownPort}`;
    const env = { ISSUER: auth.url, CORS_ORIGINS: page, CLOCK_TOLERANCE: '0s' };
    const [authApp, browser] = await Promise.all([
      startApp('auth', {
        env: {
          ...authSettings({ ...env, DATABASE_URL: await freshDatabase() }),
          ACCESS_TOKEN_TTL: `${TOKEN_LIFE_MS}ms`,
        },
      }),
      chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] }),
    ]);
    auth.leadTo(authApp.url);
    const ordersApp = await startApp('orders', {
      env: { ...env, ORDERS_DATABASE_URL: await freshDatabase() },
    });
    orders.leadTo(ordersApp.url);
    return new BrowserStack(
      auth,
      orders,
      browser,
      page,
      `http://localhost:${otherPort}`,
      `http://127.0.0.1:${otherPort}`,
    );
  }

  /** Runs a test with a browser without cookies, in which a tab shows the page. */
  async withUser(test: (user: User) => Promise<void>): Promise<void> {
    const context = await this.browser.newContext();
    const id = `user-${(this.users += 1)}`;
    await context.setExtraHTTPHeaders({ 'x-request-id': id });
    try {
      const user = new User(this, id, context);
      await user.openTab();
      await test(user);
    } finally {
      await context.close();
    }
  }

  /** The e-mail of a user with these claims, whose password is that of the demo users. */
  async newUser(claims: object): Promise<string> {
    const { password } = DEMO;
    const admin = await this.call<{ access_token: string }>('POST', 'auth/login', DEMO.admin);
    const email = `${randomBytes(8).toString('hex')}@example.com`;
    const token = admin.access_token;
    const { id } = await this.call<{ id: string }>(
      'POST',
      'admin/users',
      { email, password },
      token,
    );
    await this.call('PATCH', `admin/users/${id}`, { claims }, token);
    return email;
  }

  private async call<T>(method: string, path: string, body: object, token?: string): Promise<T> {
    const headers = {
      'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token}` }),
    };
    const init = { method, headers, body: JSON.stringify(body) };
    return (await fetch(`${this.auth.url}/${path}`, init)).json() as Promise<T>;
  }
}

/** A user in front of a browser: all tabs share the cookies of `context`. */
export class User {
  private readonly tabs: Page[] = [];
  private readonly ignored = { auth: 0, orders: 0 };

  constructor(
    private readonly stack: BrowserStack,
    readonly id: string,
    readonly context: BrowserContext,
  ) {}

  /** The first tab. */
  get tab(): Page {
    return this.tabs[0] as Page;
  }

  async openTab(): Promise<Page> {
    const tab = await this.context.newPage();
    this.tabs.push(tab);
    await tab.goto(this.stack.page);
    await this.settled(tab);
    return tab;
  }

  async reload(tab = this.tab): Promise<void> {
    await tab.reload();
    await this.settled(tab);
  }

  login(): Promise<Principal> {
    return this.tab.evaluate((credentials) => session.login(credentials), DEMO.ada);
  }

  principal(tab = this.tab): Promise<Principal | null | undefined> {
    return tab.evaluate(() => session.principal);
  }

  /** Asks orders for the user's orders: the status. */
  order(tab = this.tab): Promise<number> {
    const url = `${this.stack.orders.url}/orders`;
    return tab.evaluate(async (address) => (await session.fetch(address)).status, url);
  }

  /** Requests until now no longer count below. */
  forget(): void {
    this.ignored.auth = this.stack.auth.requests(this.id).length;
    this.ignored.orders = this.stack.orders.requests(this.id).length;
  }

  /** What this user's browser has asked auth. */
  get authRequests(): Seen[] {
    return this.stack.auth.requests(this.id).slice(this.ignored.auth);
  }

  get refreshes(): Seen[] {
    return this.authRequests.filter(({ path }) => path === REFRESH);
  }

  /** The statuses of the refreshes. */
  get refreshed(): (number | undefined)[] {
    return this.refreshes.map(({ status }) => status);
  }

  /** The statuses that orders has answered. */
  get ordered(): (number | undefined)[] {
    const requests = this.stack.orders.requests(this.id).slice(this.ignored.orders);
    return requests.map(({ status }) => status);
  }

  /** Waits until the page knows who is logged in. */
  private async settled(tab: Page): Promise<void> {
    await tab.waitForFunction(() => globalThis.session?.principal !== undefined);
  }
}
