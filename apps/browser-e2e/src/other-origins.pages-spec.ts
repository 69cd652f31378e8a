import { DEMO } from '@jwt-auth/dev-stack';
import { beforeAll, describe, expect, it } from 'vitest';

import type { BrowserStack } from './browser-stack.js';
import { browserPath, startStack } from './shared-stack.js';

describe.skipIf(!browserPath)('a page in Chromium', () => {
  let stack: BrowserStack;
  beforeAll(async () => {
    stack = await startStack();
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
});

// What runs in a page.

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
