import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { Clock } from '../clock.js';
import { said } from '../factors/authenticator.fixture.js';
import { AuthApp, type ProblemBody } from '../testing/auth-app.fixture.js';
import { RefreshToken } from './session.entity.js';
import type { TokenResponse } from './sessions.schema.js';

const auth = AuthApp.forFile();
/** For the database this is another process. */
const other = AuthApp.forFile(() => ({ DATABASE_URL: auth.databaseUrl }));
let count = 0;

afterEach(() => {
  auth.clock.reset();
  vi.restoreAllMocks();
});

async function login(): Promise<TokenResponse> {
  const email = `retry-${(count += 1)}@example.com`;
  await auth.register(email);
  return auth.login(email);
}

async function refreshed({ refresh_token: token }: TokenResponse): Promise<TokenResponse> {
  const { status, body } = await auth.refresh(token);
  expect(status).toBe(200);
  return body;
}

async function refused({ refresh_token: token }: TokenResponse): Promise<string> {
  const { status, body } = await auth.refresh<ProblemBody>(token);
  expect(status).toBe(401);
  return body.code;
}

/** Without the seconds that they have left, which become fewer. */
const tokensOf = ({ access_token, refresh_token, scope }: TokenResponse) => ({
  access_token,
  refresh_token,
  scope,
});

const SECOND = 1_000;

describe('the retry of a refresh', () => {
  it('never says that its tokens live longer than they do', async () => {
    const first = await login();
    const second = await refreshed(first);
    auth.clock.advance(1);
    const again = await refreshed(first);
    expect(again.expires_in).toBeLessThan(second.expires_in);
    expect(again.refresh_expires_in).toBeLessThan(second.refresh_expires_in);
  });

  it('gets what the 100th refresh after it was answered, and none after that', async () => {
    const now = new Date(Date.now() + 5_000);
    vi.spyOn(auth.get(Clock), 'database').mockResolvedValue(now);
    const chain = [await login()];
    while (chain.length <= 101) chain.push(await refreshed(chain.at(-1)!));
    const [first, second, newest] = [chain[0]!, chain[1]!, chain[101]!];
    expect((await refreshed(second)).refresh_token).toBe(newest.refresh_token);
    expect(await refused(first)).toBe('refresh_token_reused');
    expect(await refused(newest)).toBe('refresh_token_invalid');
  });
});

describe('a refresh that is repeated within the window', () => {
  it('gets the same answer', async () => {
    const first = await login();
    const second = await refreshed(first);
    expect(tokensOf(await refreshed(first))).toEqual(tokensOf(second));
    auth.clock.advance(9 * SECOND);
    expect(tokensOf(await refreshed(first))).toEqual(tokensOf(second));
  });

  it('gets the same answer fifty times at once, over two processes', async () => {
    const { refresh_token: token } = await login();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => (n % 2 ? auth : other).refresh(token)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => JSON.stringify(tokensOf(body)))).size).toBe(1);
  });

  it('says how long its tokens still live', async () => {
    const first = await login();
    const second = await refreshed(first);
    auth.clock.advance(9 * SECOND);
    const again = await refreshed(first);
    expect(second.expires_in - again.expires_in).toBeGreaterThanOrEqual(8);
    expect(second.expires_in - again.expires_in).toBeLessThanOrEqual(10);
    expect(second.refresh_expires_in - again.refresh_expires_in).toBeGreaterThanOrEqual(8);
  });

  it('gets the newest answer of the chain, from however far back', async () => {
    const first = await login();
    const second = await refreshed(first);
    const third = await refreshed(second);
    const fourth = await refreshed(third);
    for (const each of [first, second, third]) {
      expect(tokensOf(await refreshed(each))).toEqual(tokensOf(fourth));
    }
    expect((await refreshed(fourth)).refresh_token).not.toBe(fourth.refresh_token);
  });

  it('does so only while the window of its own replacement lasts', async () => {
    const first = await login();
    const second = await refreshed(first);
    auth.clock.advance(6 * SECOND);
    const third = await refreshed(second);
    auth.clock.advance(6 * SECOND);
    expect(tokensOf(await refreshed(second))).toEqual(tokensOf(third));
    expect(await refused(first)).toBe('refresh_token_reused');
    expect(await refused(third)).toBe('refresh_token_invalid');
  });

  it('is measured by the clock of the database, not of a process', async () => {
    const clock = vi
      .spyOn(other.get(Clock), 'now')
      .mockImplementation(() => new Date(Date.now() - 20 * SECOND));
    const first = await login();
    const second = await refreshed(first);
    expect(tokensOf((await other.refresh(first.refresh_token)).body)).toEqual(tokensOf(second));
    auth.clock.advance(11 * SECOND);
    expect(await refused(first)).toBe('refresh_token_reused');
    clock.mockRestore();
  });

  it('keeps answers only while the window lasts', async () => {
    const first = await login();
    const second = await refreshed(first);
    auth.clock.advance(11 * SECOND);
    const third = await refreshed(second);
    await refreshed(third);
    const chain = await auth.dataSource.manager.find(RefreshToken, {
      where: { sessionId: said(first.access_token).sid },
      order: { createdAt: 'ASC' },
    });
    expect(chain.map(({ sealedSuccessor }) => sealedSuccessor !== null)).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('ends with the session', async () => {
    const first = await login();
    const second = await refreshed(first);
    await auth.call('POST', '/auth/logout', { token: second.access_token });
    expect(await refused(first)).toBe('refresh_token_invalid');
  });
});

describe('without a window', () => {
  let strict: AuthApp;
  beforeAll(async () => {
    strict = await AuthApp.start({ DATABASE_URL: auth.databaseUrl, REFRESH_RETRY_WINDOW: '0s' });
  });
  afterAll(() => strict.close());

  it('every second use is reuse, in the same millisecond too', async () => {
    const { refresh_token: token } = await login();
    vi.spyOn(strict.get(Clock), 'database').mockResolvedValue(new Date(Date.now() + 5 * SECOND));
    expect((await strict.refresh(token)).status).toBe(200);
    expect((await strict.refresh<ProblemBody>(token)).body.code).toBe('refresh_token_reused');
  });

  it('no answer is kept', async () => {
    const first = await login();
    expect((await strict.refresh(first.refresh_token)).status).toBe(200);
    expect(await refused(first)).toBe('refresh_token_reused');
  });

  it('an answer that a process with a window has kept is not repeated', async () => {
    const { refresh_token: token } = await login();
    const now = new Date(Date.now() + 5 * SECOND);
    for (const app of [auth, strict]) vi.spyOn(app.get(Clock), 'database').mockResolvedValue(now);
    expect((await auth.refresh(token)).status).toBe(200);
    expect((await strict.refresh<ProblemBody>(token)).body.code).toBe('refresh_token_reused');
  });

  it('no answer is kept that another process with a window could repeat', async () => {
    const first = await login();
    const second = await refreshed(first);
    expect((await strict.refresh(second.refresh_token)).status).toBe(200);
    expect(await refused(first)).toBe('refresh_token_reused');
  });
});
