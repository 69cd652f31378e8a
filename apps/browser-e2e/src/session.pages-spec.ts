import { DEMO } from '@jwt-auth/dev-stack';
import type { Route } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';

import { REFRESH, type BrowserStack, type User } from './browser-stack.js';
import { anonymous, browserPath, loggedIn, startStack } from './shared-stack.js';

describe.skipIf(!browserPath)('a page in Chromium', () => {
  let stack: BrowserStack;
  beforeAll(async () => {
    stack = await startStack();
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
});
