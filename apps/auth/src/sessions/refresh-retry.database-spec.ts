import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { AuthApp } from '../testing/auth-app.fixture.js';
import type { TokenResponse } from './sessions.schema.js';

let auth: AuthApp;
let count = 0;

beforeAll(async () => {
  auth = await AuthApp.start();
});
afterEach(() => auth.clock.reset());
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

describe('the retry of a refresh', () => {
  it('never says that its tokens live longer than they do', async () => {
    const first = await login();
    const second = await refreshed(first);
    auth.clock.advance(1);
    const again = await refreshed(first);
    expect(again.expires_in).toBeLessThan(second.expires_in);
    expect(again.refresh_expires_in).toBeLessThan(second.refresh_expires_in);
  });
});
