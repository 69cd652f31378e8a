import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Session } from './api.js';
import { createSession } from './session.js';

/** What auth does with a call, until a test says when. */
let answer: (path: string) => void;
let sent: { path: string; authorization: string | null }[];
let session: Session;

/** The session that the cookie is of. All tabs share it. */
let cookie: string | undefined;

/** What auth says to the next step-up in place of a token. */
let stepUpRefusal: string | undefined;
/** Of the tokens of step-ups; seconds. */
let stepUpLife: number;
let issued = 0;

function tokens(sid: string, expiresIn = 900) {
  issued += 1;
  const payload = btoa(JSON.stringify({ sub: 'ada', sid, scope: '', claims: { issued } }));
  return Response.json({ access_token: `h.${payload}.s`, expires_in: expiresIn });
}

beforeEach(async () => {
  sent = [];
  cookie = 'one';
  stepUpRefusal = undefined;
  stepUpLife = 900;
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
    if (path === '/auth/login') cookie = 'two';
    if (path === '/auth/step-up' && stepUpRefusal) {
      const code = stepUpRefusal;
      stepUpRefusal = undefined;
      return Response.json({ code }, { status: 401 });
    }
    if (cookie === undefined) return Response.json({ code: 'no_session' }, { status: 401 });
    if (path === '/auth/step-up') return tokens(cookie, stepUpLife);
    if (path !== '/auth/logout') return tokens(cookie);
    cookie = undefined;
    return new Response(null, { status: 204 });
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
  const calls: [string, () => Promise<unknown>][] = [
    ['/auth/login', () => session.login({ email: 'ada@example.com', password: 'a passphrase' })],
    ['/auth/step-up', () => session.stepUp({ password: 'a passphrase' })],
  ];

  it.each(calls)('to %s is a logout', async (path, call) => {
    const called = call();
    await isSent(path);
    const loggedOut = session.logout();
    answer(path);
    await Promise.all([called, loggedOut]);
    expect(session.principal).toBeNull();
    await session.fetch('https://orders.example.com/orders');
    expect(sent.at(-1)).toEqual({ path: '/orders', authorization: null });
  });

  it.each(calls)('to %s of another tab is a logout in both', async (path, call) => {
    const other = createSession({ issuer: 'https://auth.example.com' });
    await other.renew();
    const called = call();
    await isSent(path);
    const loggedOut = other.logout();
    await expect.poll(() => session.principal).toBeNull();
    answer(path);
    await Promise.all([called, loggedOut]);
    expect(cookie).toBeUndefined();
    for (const tab of [session, other]) {
      expect(tab.principal).toBeNull();
      await tab.fetch('https://orders.example.com/orders');
      expect(sent.at(-1)).toEqual({ path: '/orders', authorization: null });
    }
    other.close();
  });
});

describe('with another tab', () => {
  let other: Session;
  beforeEach(async () => {
    other = createSession({ issuer: 'https://auth.example.com' });
    await other.renew();
  });
  afterEach(() => other.close());

  const login = () => session.login({ email: 'ada@example.com', password: 'a passphrase' });
  /** The messages of tabs have arrived. */
  const delivered = () => new Promise((resolve) => setTimeout(resolve, 50));

  it('a login is kept though the other finds at the same moment that there was no session', async () => {
    cookie = undefined;
    const renewing = other.renew();
    const loggingIn = login();
    await renewing;
    await isSent('/auth/login');
    await delivered();
    answer('/auth/login');
    await loggingIn;
    await delivered();
    for (const tab of [session, other]) expect(tab.principal).toMatchObject({ sessionId: 'two' });
  });

  it('a step-up is one of both, also if its token expires earlier', async () => {
    stepUpLife = 600;
    const raising = session.stepUp({ password: 'a passphrase' });
    await isSent('/auth/step-up');
    answer('/auth/step-up');
    const raised = await raising;
    await delivered();
    for (const tab of [session, other]) expect(tab.principal).toEqual(raised);
  });

  it('a step-up of the session before is not taken for one of the new one', async () => {
    const raising = session.stepUp({ password: 'a passphrase' });
    await isSent('/auth/step-up');
    // Without Web Locks nothing keeps a login from overtaking it.
    vi.stubGlobal('navigator', {});
    const third = createSession({ issuer: 'https://auth.example.com' });
    const loggingIn = third.login({ email: 'ada@example.com', password: 'a passphrase' });
    await isSent('/auth/login');
    answer('/auth/login');
    await loggingIn;
    cookie = 'one';
    answer('/auth/step-up');
    await raising;
    await delivered();
    for (const tab of [third, other]) expect(tab.principal).toMatchObject({ sessionId: 'two' });
    third.close();
  });

  it('a login that waits for its turn is ended by a logout there', async () => {
    const renewing = other.renew();
    const loggingIn = login();
    const loggedOut = other.logout();
    await renewing;
    await isSent('/auth/login');
    await delivered();
    answer('/auth/login');
    await Promise.all([loggingIn, loggedOut]);
    await delivered();
    expect(cookie).toBeUndefined();
    for (const tab of [session, other]) expect(tab.principal).toBeNull();
  });

  it('a refresh that waits for its turn is of no session that was logged out meanwhile', async () => {
    const stepUp = session.stepUp({ password: 'a passphrase' });
    await isSent('/auth/step-up');
    const renewing = other.renew();
    const loggedOut = other.logout();
    answer('/auth/step-up');
    await Promise.all([stepUp, renewing, loggedOut]);
    await delivered();
    for (const tab of [session, other]) expect(tab.principal).toBeNull();
  });
});

describe('a step-up whose token auth refuses', () => {
  const stepUp = () => session.stepUp({ password: 'a passphrase' });
  const stepUps = () => sent.filter(({ path }) => path === '/auth/step-up').length;

  it.each(['token_expired', 'token_revoked', 'token_invalid'])(
    'is tried once more with a new one: %s',
    async (code) => {
      stepUpRefusal = code;
      const raising = stepUp();
      await isSent('/auth/step-up');
      answer('/auth/step-up');
      await expect.poll(stepUps).toBe(2);
      answer('/auth/step-up');
      await expect(raising).resolves.toMatchObject({ subject: 'ada', sessionId: 'one' });
      expect(sent.filter(({ path }) => path === '/auth/refresh')).toHaveLength(2);
    },
  );

  it('is not tried again for a wrong password', async () => {
    stepUpRefusal = 'invalid_credentials';
    const raising = stepUp();
    await isSent('/auth/step-up');
    answer('/auth/step-up');
    await expect(raising).rejects.toMatchObject({ code: 'invalid_credentials' });
    expect(stepUps()).toBe(1);
  });

  it('is not tried again after the session', async () => {
    stepUpRefusal = 'token_revoked';
    const raising = stepUp();
    await isSent('/auth/step-up');
    cookie = undefined;
    answer('/auth/step-up');
    await expect(raising).rejects.toMatchObject({ code: 'token_revoked' });
    expect(stepUps()).toBe(1);
    expect(session.principal).toBeNull();
  });

  it('is not tried again as the user of a login meanwhile', async () => {
    stepUpRefusal = 'token_revoked';
    const raising = stepUp();
    await isSent('/auth/step-up');
    const loggingIn = session.login({ email: 'bob@example.com', password: 'a passphrase' });
    answer('/auth/step-up');
    await isSent('/auth/login');
    answer('/auth/login');
    await loggingIn;
    await expect(raising).rejects.toMatchObject({ code: 'token_revoked' });
    expect(stepUps()).toBe(1);
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
