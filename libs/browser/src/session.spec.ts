import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { createSession, type Session } from './session.js';

/** What auth does with a call, until a test says when. */
let answer: (path: string) => void;
let sent: { path: string; authorization: string | null }[];
let session: Session;

const ACCESS_TOKEN = `h.${btoa(JSON.stringify({ sub: 'ada', sid: 'one', scope: '' }))}.s`;
const tokens = () => Response.json({ access_token: ACCESS_TOKEN, expires_in: 900 });

beforeEach(async () => {
  sent = [];
  const waiting = new Map<string, () => void>();
  answer = (path) => waiting.get(path)?.();
  vi.stubGlobal('document', {
    visibilityState: 'hidden',
    addEventListener: () => {},
    removeEventListener: () => {},
  });
  let last: Promise<unknown> = Promise.resolve();
  vi.stubGlobal('navigator', {
    locks: {
      request: (_name: string, work: () => Promise<unknown>) =>
        (last = last.catch(() => undefined).then(work)),
    },
  });
  vi.stubGlobal('fetch', async (input: string | Request) => {
    const { pathname: path } = new URL(typeof input === 'string' ? input : input.url);
    const authorization = input instanceof Request ? input.headers.get('authorization') : null;
    sent.push({ path, authorization });
    if (path === '/auth/step-up' || path === '/auth/login') {
      await new Promise<void>((resolve) => waiting.set(path, resolve));
    }
    return path === '/auth/logout' ? new Response(null, { status: 204 }) : tokens();
  });
  session = createSession({ issuer: 'https://auth.example.com' });
  await session.renew();
});
afterEach(() => {
  session.close();
  vi.unstubAllGlobals();
});

const isSent = (path: string) => expect.poll(() => sent.map((one) => one.path)).toContain(path);

describe('a logout while auth is still to answer', () => {
  it.each([
    ['/auth/login', () => session.login({ email: 'ada@example.com', password: 'a passphrase' })],
    ['/auth/step-up', () => session.stepUp({ password: 'a passphrase' })],
  ])('to %s is a logout', async (path, call) => {
    const called = call();
    await isSent(path);
    const loggedOut = session.logout();
    answer(path);
    await Promise.all([called, loggedOut]);
    expect(session.principal).toBeNull();
    await session.fetch('https://orders.example.com/orders');
    expect(sent.at(-1)).toEqual({ path: '/orders', authorization: null });
  });
});

it('closed while a token is on its way, it keeps none', async () => {
  const called = session.stepUp({ password: 'a passphrase' });
  await isSent('/auth/step-up');
  session.close();
  answer('/auth/step-up');
  await called;
  // Whatever becomes of it: a closed session has no token to send.
  await session.fetch('https://orders.example.com/orders').catch(() => undefined);
  expect(sent.filter(({ authorization }) => authorization !== null)).toEqual([]);
});
