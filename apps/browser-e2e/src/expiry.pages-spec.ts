import { beforeAll, describe, expect, it } from 'vitest';

import { TOKEN_LIFE_MS, type BrowserStack, type User } from './browser-stack.js';
import { browserPath, loggedIn, startStack } from './shared-stack.js';

const after = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

// At the same time, because they wait for a token to expire.
describe.skipIf(!browserPath).concurrent('a page in Chromium that waits', () => {
  let stack: BrowserStack;
  beforeAll(async () => {
    stack = await startStack();
  });

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
