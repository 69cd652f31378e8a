import { DEMO, findChromium } from '@jwt-auth/dev-stack';
import type { Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { BrowserStack, REFRESH, TOKEN_LIFE_MS, type User } from './browser-stack.js';

const executablePath = findChromium();
if (executablePath === undefined) {
  process.stderr.write('\n*** SKIPPED: there is no Chromium here. Set CHROME_PATH. ***\n\n');
}

const after = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

describe.skipIf(executablePath === undefined)('a page in Chromium', () => {
  let stack: BrowserStack;
  beforeAll(async () => {
    stack = await BrowserStack.start(executablePath ?? '');
  });
  afterAll(() => stack?.stop());

  /** A test with a user of its own, whose browser is closed when it ends. */
  const anonymous = (test: (user: User) => Promise<void>) => () => stack.withUser(test);
  const loggedIn = (test: (user: User) => Promise<void>) =>
    anonymous(async (user) => {
      await user.login();
      await test(user);
    });

  it(
    'of another origin logs in, calls a service, and finds its session after a reload',
    anonymous(async (user) => {
      expect(await user.principal()).toBeNull();
      expect(await user.order()).toBe(401);
      const principal = await user.login();
      expect(principal).toMatchObject({
        roles: ['user'],
        scopes: ['orders:read', 'orders:write', 'account'],
      });
      expect(await user.order()).toBe(200);
      await user.reload();
      expect(await user.principal()).toEqual(principal);
      expect(await user.order()).toBe(200);
      expect(await user.tab.evaluate(() => changes)).toEqual([principal.subject]);
    }),
  );

  it(
    'knows its user, whose claims fit into no token, in a session for one scope',
    anonymous(async (user) => {
      const claims = { note: 'x'.repeat(2_000) };
      const email = await stack.newUser(claims);
      const credentials = { ...DEMO.ada, email, scope: 'orders:read' };
      const principal = await user.tab.evaluate((typed) => session.login(typed), credentials);
      expect(principal).toMatchObject({ roles: ['user'], scopes: ['orders:read'], claims });
      expect(await user.tab.evaluate(() => session.renew())).not.toContain('.');
      await user.reload();
      expect(await user.principal()).toEqual(principal);
      const password = DEMO.password;
      const raised = await user.tab.evaluate((proof) => session.stepUp(proof), { password });
      expect(raised).toEqual(principal);
    }),
  );

  it(
    'keeps no token where a script could find it',
    loggedIn(async ({ tab, context }) => {
      const kept = await tab.evaluate(async () => ({
        cookie: document.cookie,
        local: { ...localStorage },
        session: { ...sessionStorage },
        databases: await indexedDB.databases(),
        members: Object.keys(session).sort(),
      }));
      expect(kept).toEqual({
        cookie: '',
        local: {},
        session: {},
        databases: [],
        members: [
          'close',
          'fetch',
          'login',
          'loginWithFactor',
          'loginWithPasskey',
          'logout',
          'onChange',
          'principal',
          'renew',
          'stepUp',
        ],
      });
      expect(await context.cookies()).toMatchObject([
        { name: 'refresh_token', path: '/auth', httpOnly: true, sameSite: 'Strict' },
      ]);
    }),
  );

  it(
    'gets a clear error for a wrong password',
    anonymous(async (user) => {
      const wrong = { ...DEMO.ada, password: 'not the password' };
      const error = await user.tab.evaluate(
        (credentials) =>
          session.login(credentials).catch((reason: unknown) => {
            const { name, code, problem } = reason as Error & { code: string; problem: object };
            return { name, code, problem };
          }),
        wrong,
      );
      expect(error).toMatchObject({
        name: 'SessionError',
        code: 'invalid_credentials',
        problem: { status: 401 },
      });
      expect(await user.principal()).toBeNull();
    }),
  );

  it(
    'needs no refresh in a second tab',
    loggedIn(async (user) => {
      user.forget();
      const second = await user.openTab();
      expect(await user.principal(second)).toEqual(await user.principal());
      expect(await user.order(second)).toBe(200);
      expect(user.refreshed).toEqual([]);
    }),
  );

  it(
    'logs in and out in all tabs',
    anonymous(async (user) => {
      const second = await user.openTab();
      await user.login();
      await second.waitForFunction(() => session.principal !== null);
      expect(await user.order(second)).toBe(200);
      const kept = await user.context.cookies();
      await second.evaluate(() => session.logout());
      await user.tab.waitForFunction(() => session.principal === null);
      expect(await user.order()).toBe(401);
      expect(await user.tab.evaluate(() => changes.length)).toBe(3);
      expect(await user.context.cookies()).toEqual([]);
      const third = await user.openTab();
      expect(await user.principal(third)).toBeNull();
      // The cookie of before is worth nothing.
      await user.context.addCookies(kept);
      await user.reload(third);
      expect(await user.principal(third)).toBeNull();
    }),
  );

  it(
    'does not repeat a request that is refused for another reason than the token',
    loggedIn(async (user) => {
      let requests = 0;
      const headers = {
        'access-control-allow-origin': stack.page,
        'access-control-expose-headers': 'www-authenticate',
        'www-authenticate': 'Bearer error="insufficient_user_authentication", max_age=900',
      };
      const refuse = (route: Route) => {
        requests += 1;
        return route.fulfill({ status: 401, headers });
      };
      await user.tab.route(`${stack.orders.url}/orders`, refuse);
      user.forget();
      expect(await user.order()).toBe(401);
      expect(requests).toBe(1);
      expect(user.refreshed).toEqual([]);
    }),
  );

  it(
    'ignores the other tabs once it has closed its session, which goes on',
    loggedIn(async (user) => {
      const second = await user.openTab();
      await user.tab.evaluate(() => session.close());
      expect(await user.order(second)).toBe(200);
      await second.evaluate(() => session.logout());
      const third = await user.openTab();
      expect(await user.principal(third)).toBeNull();
      expect(await user.tab.evaluate(() => changes.at(-1))).not.toBeNull();
      expect(await user.principal()).not.toBeNull();
    }),
  );

  it(
    'goes on with its session when the answer to a refresh is lost',
    loggedIn(async (user) => {
      user.forget();
      stack.auth.loseNext(user.id, REFRESH);
      await user.reload();
      expect(user.refreshed).toEqual([200, 200]);
      // Both times with the same cookie: the browser has never seen the first answer.
      expect(new Set(user.refreshes.map(({ cookie }) => cookie)).size).toBe(1);
      expect(await user.order()).toBe(200);
    }),
  );

  it(
    'gets a new access token when it asks for one, in all tabs',
    loggedIn(async (user) => {
      const second = await user.openTab();
      user.forget();
      const renew = (tab: typeof second) => tab.evaluate(() => session.renew());
      const tokens = [await renew(user.tab), await renew(user.tab), await renew(second)];
      expect(new Set(tokens).size).toBe(3);
      expect(user.refreshed).toEqual([200, 200, 200]);
      for (const tab of [user.tab, second]) expect(await user.order(tab)).toBe(200);
      expect(user.refreshed).toHaveLength(3);
      await second.evaluate(() => session.logout());
      expect(await renew(second)).toBeUndefined();
    }),
  );

  it(
    'goes on with its token after auth could not give it a new one',
    loggedIn(async (user) => {
      let refreshes = 0;
      const headers = {
        'access-control-allow-origin': stack.page,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': 'retry-after',
        'retry-after': '60',
      };
      await user.tab.route(stack.auth.url + REFRESH, (route) => {
        refreshes += 1;
        return route.fulfill({ status: 503, headers });
      });
      const renew = () => session.renew().catch(({ name }: Error) => name);
      expect(await user.tab.evaluate(renew)).toBe('SessionError');
      expect(await user.order()).toBe(200);
      expect(refreshes).toBe(1);
    }),
  );

  it.each([
    ['loads', (user: User) => user.tab.reload()],
    ['asks for a new token', (user: User) => user.tab.evaluate(() => void session.renew())],
  ])('gets the next cookie even if it is closed while it %s', async (_, refresh) => {
    await stack.withUser(async (user) => {
      await user.login();
      const [before] = await user.context.cookies();
      user.forget();
      stack.auth.holdNext(user.id, REFRESH);
      await refresh(user);
      await expect.poll(() => user.refreshed).toEqual([200]);
      const blank = await user.context.newPage();
      await user.tab.close();
      stack.auth.release();
      const cookie = async () => (await user.context.cookies())[0]?.value;
      await expect.poll(cookie).not.toBe(before?.value);
      await blank.close();
      const next = await user.openTab();
      expect(await user.order(next)).toBe(200);
    });
  });

  // threat:cross-site-request-forgery
  it.each(['sibling', 'foreign'] as const)(
    'of a %s origin that is not listed neither reads nor ends a session',
    async (kind) => {
      await stack.withUser(async (user) => {
        await user.login();
        const attacker = await user.context.newPage();
        await attacker.goto(stack[kind]);
        user.forget();
        expect(await attacker.evaluate(attack, stack.auth.url)).toEqual(['blocked']);
        // As a form in a window can, which is no fetch.
        for (const path of ['logout', 'refresh']) {
          await attacker.goto(stack[kind]);
          await attacker.evaluate(submitForm, `${stack.auth.url}/auth/${path}`);
          await attacker.waitForURL(`${stack.auth.url}/**`);
        }
        const posts = user.authRequests.filter(({ method }) => method === 'POST');
        const forged = posts.filter(({ status = 200 }) => status !== 200);
        expect(forged).toHaveLength(6);
        // The site of a cookie is a name without a port: what a sibling sends carries it.
        const carrying = forged.filter(({ cookie }) => cookie !== undefined);
        expect(carrying).toHaveLength(kind === 'sibling' ? 6 : 0);
        for (const { cookie, status } of forged) expect(status).toBe(cookie ? 403 : 415);
        expect(await user.order()).toBe(200);
        await user.reload();
        expect(await user.principal()).not.toBeNull();
      });
    },
  );

  // threat:login-csrf
  it.each(['sibling', 'foreign'] as const)(
    'of a %s origin that is not listed cannot log in',
    async (kind) => {
      await stack.withUser(async (user) => {
        const attacker = await user.context.newPage();
        await attacker.goto(stack[kind]);
        user.forget();
        await attacker.evaluate(attackLogin, { url: stack.auth.url, ...DEMO.ada });
        // The preflight of the other one was refused.
        expect(user.authRequests).toMatchObject([{ path: '/auth/login', status: 415 }]);
        expect(await user.context.cookies()).toEqual([]);
        await user.reload();
        expect(await user.principal()).toBeNull();
      });
    },
  );

  // At the same time, because they wait for a token to expire.
  describe.concurrent('that waits', () => {
    it(
      'refreshes once for two tabs, before the token expires',
      loggedIn(async (user) => {
        const second = await user.openTab();
        user.forget();
        await after(TOKEN_LIFE_MS);
        const statuses = await Promise.all(
          [user.tab, second, user.tab, second].map((tab) => user.order(tab)),
        );
        expect(statuses).toEqual([200, 200, 200, 200]);
        expect(user.ordered).toEqual([200, 200, 200, 200]);
        expect(user.refreshed).toEqual([200]);
      }),
    );

    it(
      'refreshes once when a service refuses the token of two tabs',
      loggedIn(async (user) => {
        const tabs = [user.tab, await user.openTab()];
        await asleep(user, tabs);
        const statuses = await Promise.all(tabs.map((tab) => user.order(tab)));
        expect(statuses).toEqual([200, 200]);
        expect(user.refreshed).toEqual([200]);
      }),
    );

    it(
      'wakes up after an hour, with a clock that has stood still, and sends a request whole once more',
      loggedIn(async (user) => {
        const principal = await user.principal();
        await asleep(user);
        // For the page no time has passed: the token looks as good as before.
        expect(await user.tab.evaluate(placeOrder, stack.orders.url)).toBe(450);
        expect(user.ordered).toEqual([401, 201]);
        expect(user.refreshed).toEqual([200]);
        expect(await user.principal()).toEqual(principal);
      }),
    );

    it(
      'wakes up after an hour, with a clock that has gone on',
      loggedIn(async (user) => {
        await asleep(user);
        await user.tab.evaluate(advanceTime, 3_600_000);
        const total = await user.tab.evaluate(placeOrder, stack.orders.url);
        expect(total).toBe(450);
        // No service saw a token that has expired.
        expect(user.ordered).toEqual([201]);
        expect(user.refreshed).toEqual([200]);
      }),
    );

    it('works with a clock that is wrong by ten minutes', async () => {
      const work = (offMs: number) => stack.withUser((user) => workWithClock(user, offMs));
      await Promise.all([work(600_000), work(-600_000)]);
    });
  });
});

async function workWithClock(user: User, offMs: number): Promise<void> {
  await user.context.addInitScript(setClock, offMs);
  await user.reload();
  const differenceMs = (await user.tab.evaluate(() => Date.now())) - Date.now();
  expect(Math.abs(differenceMs - offMs)).toBeLessThan(60_000);
  await user.login();
  user.forget();
  expect(await user.order()).toBe(200);
  expect(user.refreshed).toEqual([]);
  await after(TOKEN_LIFE_MS);
  expect(await user.order()).toBe(200);
  expect(user.ordered).toEqual([200, 200]);
  expect(user.refreshed).toEqual([200]);
}

/** Stops the time of tabs until their token has expired. What they ask from then on counts. */
async function asleep(user: User, tabs = [user.tab]): Promise<void> {
  for (const tab of tabs) await tab.evaluate(stopTime);
  await after(TOKEN_LIFE_MS + 500);
  user.forget();
}

// What runs in a page.

/** Stops the clocks and timers of a page, as a machine that sleeps does. */
function stopTime(): void {
  const now = performance.now();
  const date = Date.now();
  let aheadMs = 0;
  const wait = setTimeout;
  performance.now = () => now + aheadMs;
  Date.now = () => date + aheadMs;
  // Short pauses go on: only what waits for the token's end sleeps.
  globalThis.setTimeout = ((work: () => void, ms: number) =>
    ms < 400 ? wait(work, ms) : 0) as unknown as typeof setTimeout;
  for (let id = Number(wait(() => undefined)); id > 0; id -= 1) clearTimeout(id);
  Object.assign(globalThis, { advance: (ms: number) => (aheadMs += ms) });
}

function advanceTime(ms: number): void {
  (globalThis as unknown as { advance: (ms: number) => void }).advance(ms);
}

/** A page whose clock was set wrong before it was loaded. */
function setClock(offMs: number): void {
  const now = Date.now;
  Date.now = () => now() + offMs;
}

async function placeOrder(url: string): Promise<number> {
  const order = { currency: 'EUR', items: [{ sku: 'tea', quantity: 1, unitPrice: 450 }] };
  const answer = await session.fetch(`${url}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() },
    body: JSON.stringify(order),
  });
  return ((await answer.json()) as { total: number }).total;
}

/** Every request that a page can make with the cookie: what came of them. */
async function attack(auth: string): Promise<string[]> {
  const inits: RequestInit[] = [
    { headers: { 'content-type': 'application/json' }, body: '{}' },
    { mode: 'no-cors', body: '{}' },
    { mode: 'no-cors', body: new URLSearchParams({ a: 'b' }) },
  ];
  const outcomes = new Set<string>();
  for (const path of ['refresh', 'logout']) {
    for (const init of inits) {
      const request = { method: 'POST', credentials: 'include', ...init } as const;
      outcomes.add(
        await fetch(`${auth}/auth/${path}`, request).then(
          ({ type }) => type,
          () => 'blocked',
        ),
      );
    }
  }
  return [...outcomes];
}

function submitForm(action: string): void {
  const form = document.createElement('form');
  Object.assign(form, { method: 'post', action, enctype: 'text/plain' });
  const input = document.createElement('input');
  Object.assign(input, { name: '{"a":"', value: '"}' });
  form.append(input);
  document.body.append(form);
  form.submit();
}

async function attackLogin({ url, ...ada }: { url: string; email: string; password: string }) {
  const body = JSON.stringify({ ...ada, delivery: 'cookie' });
  const init = { method: 'POST', credentials: 'include', body } as const;
  const headers = { 'content-type': 'application/json' };
  await fetch(`${url}/auth/login`, { ...init, headers }).catch(() => undefined);
  await fetch(`${url}/auth/login`, { ...init, mode: 'no-cors' }).catch(() => undefined);
}
