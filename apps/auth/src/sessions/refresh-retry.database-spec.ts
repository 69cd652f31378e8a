import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { Clock } from '../clock.js';
import { AuthApp, type ProblemBody } from '../testing/auth-app.fixture.js';
import type { TokenResponse } from './sessions.schema.js';

let auth: AuthApp;
let count = 0;

beforeAll(async () => {
  auth = await AuthApp.start();
});
afterEach(() => {
  auth.clock.reset();
  vi.restoreAllMocks();
});
afterAll(() => auth.close());

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

const refusal = async ({ refresh_token: token }: TokenResponse) =>
  (await auth.refresh<ProblemBody>(token)).body.code;

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
    expect(await refusal(first)).toBe('refresh_token_reused');
    expect(await refusal(newest)).toBe('refresh_token_invalid');
  });
});
