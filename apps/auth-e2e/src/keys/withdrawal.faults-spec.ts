import { afterAll, beforeAll, expect, it } from 'vitest';

import { newSession, refresh, type TokenResponse } from '../users.js';
import { JWKS_PATH, kidOf, KeyStack } from './key-stack.js';

let stack: KeyStack;

beforeAll(async () => {
  stack = await KeyStack.start();
});
afterAll(() => stack?.stop());

it('a withdrawn key is refused at every service within a second, without the JWKS', async () => {
  const session = await newSession(stack.stack.auth(0));
  const unseen = await newSession(stack.stack.auth(1));
  const kid = kidOf(session.access_token);
  // Twice: the second time from memory of verified tokens.
  expect(await stack.verdicts(session.access_token)).toEqual(['ok', 'ok']);
  expect(await stack.verdicts(session.access_token)).toEqual(['ok', 'ok']);

  stack.gateway.cut(JWKS_PATH);
  const withdrawn = await stack.change(1, `${String(kid)}/withdraw`);
  expect(withdrawn.status).toBe(200);
  const states = withdrawn.body.map(({ state }) => state).sort();
  expect(states).toEqual(['active', 'next', 'withdrawn']);

  const revoked = ['token_revoked', 'token_revoked'];
  await expect.poll(() => stack.verdicts(session.access_token)).toEqual(revoked);
  expect(await stack.verdicts(unseen.access_token)).toEqual(revoked);

  // The process that answered signs with another key already, the other one within a second.
  const here = (await refresh(stack.stack.auth(1), unseen.refresh_token)).body;
  expect(kidOf(here.access_token)).not.toBe(kid);
  let there: TokenResponse = session;
  const refreshThere = async () => {
    const { status, body } = await refresh(stack.stack.auth(0), there.refresh_token);
    expect(status).toBe(200);
    there = body;
    return kidOf(there.access_token);
  };
  await expect.poll(refreshThere).toBe(kidOf(here.access_token));

  // Services have had the new key since it was the next one.
  expect(await stack.verdicts(here.access_token)).toEqual(['ok', 'ok']);
  expect(await stack.verdicts(there.access_token)).toEqual(['ok', 'ok']);
  for (const process of [0, 1]) expect(await stack.published(process)).not.toContain(kid);
  // They have tried to fetch the new set, so that the JWKS was cut off in earnest.
  await expect.poll(() => stack.gateway.refused).toBeGreaterThan(1);
});
