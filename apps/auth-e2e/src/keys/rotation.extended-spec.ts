import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { newSession, refresh } from '../users.js';
import { within } from '../stack.js';
import { kidOf, KeyStack } from './key-stack.js';

const ROTATIONS = 6;
const CLIENTS = 4;
// Some 40 refreshes and 160 calls of orders a second: steady, and far from what the apps can bear.
const PAUSE_MS = 75;

let stack: KeyStack;

beforeAll(async () => {
  stack = await KeyStack.start();
});
afterAll(() => stack?.stop());

/** What became of every token that was shown to orders, and one token of each key. */
class Tally {
  readonly verdicts: Record<string, number> = {};
  readonly tokenOf = new Map<unknown, string>();
  refreshes = 0;

  async show(token: string): Promise<void> {
    for (const verdict of await stack.verdicts(token)) {
      this.verdicts[String(verdict)] = (this.verdicts[String(verdict)] ?? 0) + 1;
    }
  }
}

/** Refreshes at one auth process and the other, and shows the tokens to orders at once. */
async function client(tally: Tally, isOver: () => boolean, first: number): Promise<void> {
  let { access_token: before, refresh_token: token } = await newSession(stack.stack.auth());
  for (let turn = first; !isOver(); turn++) {
    const { status, body } = await refresh(stack.stack.auth(turn % 2), token);
    expect(status).toBe(200);
    tally.refreshes += 1;
    tally.tokenOf.set(kidOf(body.access_token), body.access_token);
    await Promise.all([tally.show(body.access_token), tally.show(before)]);
    [before, token] = [body.access_token, body.refresh_token];
    await pause(PAUSE_MS);
  }
}

it(`${ROTATIONS} rotations in a row refuse no valid token, at default settings`, async () => {
  const tally = new Tally();
  let isOver = false;
  const clients = Array.from({ length: CLIENTS }, (_, i) => client(tally, () => isOver, i));
  try {
    await expect.poll(() => tally.tokenOf.size, within(30)).toBe(1);
    for (let i = 0; i < ROTATIONS; i++) {
      expect((await stack.change(i % 2, 'rotate')).status).toBe(200);
      // Each key has signed before the next one does, however slow the machine.
      await expect.poll(() => tally.tokenOf.size, within(30)).toBe(i + 2);
    }
  } finally {
    isOver = true;
    await Promise.all(clients);
  }
  expect(tally.verdicts).toEqual({ ok: tally.refreshes * 4 });

  // A token of the first key is as good as one of the last.
  for (const token of tally.tokenOf.values()) {
    expect(await stack.verdicts(token)).toEqual(['ok', 'ok']);
  }
  // The process that did not make the last key reads it a moment later.
  const agree = async () => isDeepStrictEqual(await stack.published(0), await stack.published(1));
  await expect.poll(agree, within(10)).toBe(true);
}, 300_000);
