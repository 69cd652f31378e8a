import { FeedPosition } from '@jwt-auth/jwt-core/postgres';
import { describe, expect, it } from 'vitest';

import { Clock } from '../clock.js';
import { readConfig } from '../settings.js';
import type { FollowersRead, FollowerWatch } from './follower-watch.js';
import { keyOf, type Follower } from './follower.js';
import type { FollowersRepository } from './followers.repository.js';
import { OwnFollowers } from './own-followers.js';
import { ReceiptsService } from './receipts.service.js';

const config = readConfig({
  DATABASE_URL: 'postgres://localhost/x',
  REVOCATION_MAX_STALENESS: '30s',
});
const AT = new FeedPosition(7n);
const ELSEWHERE = new FeedPosition(7n, new Set(), 'another');

/** On followers that are known, each of which misses a revocation for so long. */
function serviceOf(followers: readonly Follower[], missingForMs = 0): ReceiptsService {
  const listeners = new Set<(read: FollowersRead) => void>();
  const watch = {
    ask: async () => undefined,
    askOnce: async () => undefined,
    read: async () => {
      const read = { followers, databaseIdentity: 'this', readAtMs: performance.now() };
      for (const listener of listeners) listener(read);
      return read;
    },
    follow: (listener: (read: FollowersRead) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } as unknown as FollowerWatch;
  const repository = {
    missingForMs: async (ids: Set<bigint>) => new Map([...ids].map((id) => [id, missingForMs])),
  } as unknown as FollowersRepository;
  return new ReceiptsService(new OwnFollowers(), watch, repository, config, new Clock());
}

const silent = (ms: number, position: FeedPosition | undefined = AT): Follower => ({
  key: keyOf({ service: 'orders', instance: `silent for ${ms}` }),
  service: 'orders',
  instance: `silent for ${ms}`,
  position,
  seenAtMs: performance.now() - ms,
});
const options = { waitMs: 0, signal: new AbortController().signal, network: 'here' };

describe('a follower', () => {
  it.each([
    ['seen just now', 'fresh', silent(0), 0, 0],
    ['silent for 29 s', 'fresh', silent(29_000), 29_000, 29_000],
    ['silent for 31 s', 'stale', silent(31_000), 0, 0],
    ['31 s behind', 'stale', silent(0), 31_000, 31_000],
    ['without a list', 'blind', { ...silent(0), position: undefined }, 0, null],
    ['silent, without a list', 'stale', { ...silent(31_000), position: undefined }, 0, null],
    ['at a place of another database', 'blind', silent(0, ELSEWHERE), 0, null],
  ] as const)('%s is %s', async (_, state, each, missingForMs, lagMs) => {
    const [answer] = await serviceOf([each], missingForMs).followers();
    expect(answer).toMatchObject({ state, lagMs });
  });

  it('is listed once, as it was seen last', async () => {
    const key = 'orders a';
    const [later, sooner] = [silent(0), silent(31_000)].map((each) => ({ ...each, key }));
    for (const twice of [
      [later!, sooner!],
      [sooner!, later!],
    ]) {
      expect(await serviceOf(twice).followers()).toMatchObject([{ state: 'fresh' }]);
    }
  });

  it('was last seen at the time of this machine', async () => {
    const [answer] = await serviceOf([silent(60_000)]).followers();
    const agoMs = Date.now() - Date.parse(answer?.lastSeenAt ?? '');
    expect(Math.abs(agoMs - 60_000)).toBeLessThan(20_000);
  });

  it('that is silent for longer than its list may be old is not waited for', async () => {
    // It may have been seen since it was saved.
    const receipts = serviceOf([silent(35_000), silent(37_000)]);
    const { pending } = await receipts.receipt(new Set([7n]), options);
    expect(pending).toEqual([{ service: 'orders', instance: 'silent for 35000' }]);
    expect(receipts.outcomes).toEqual({ complete: 0, incomplete: 1 });
  });

  it('that has applied it counts, however silent it is', async () => {
    const receipts = serviceOf([silent(37_000)]);
    const { applied, pending } = await receipts.receipt(new Set([6n]), options);
    expect([applied.length, pending.length]).toEqual([1, 0]);
    expect(receipts.outcomes).toEqual({ complete: 1, incomplete: 0 });
  });
});

describe('a wait for a receipt', () => {
  it('ends when the process stops, and later ones do not wait', async () => {
    const receipts = serviceOf([silent(0)]);
    const waiting = receipts.receipt(new Set([7n]), { ...options, waitMs: 10_000 });
    await expect.poll(() => receipts.waitingReceiptCount).toBe(1);
    receipts.onModuleDestroy();
    expect((await waiting).pending).toHaveLength(1);
    expect(
      (await receipts.receipt(new Set([7n]), { ...options, waitMs: 10_000 })).pending,
    ).toHaveLength(1);
    expect(receipts.waitingReceiptCount).toBe(0);
  });

  it('is one of two hundred at most, and of twenty from one network', async () => {
    const receipts = serviceOf([silent(0)]);
    const wait = (network: string) =>
      receipts.receipt(new Set([7n]), { ...options, waitMs: 10_000, network });
    const waiting = Array.from({ length: 250 }, (_, n) => wait(`network-${n % 11}`));
    await expect.poll(() => receipts.waitingReceiptCount).toBe(200);
    await wait('network-0');
    receipts.onModuleDestroy();
    await Promise.all(waiting);
    expect(receipts.waitingReceiptCount).toBe(0);
  });

  it('does not begin for a caller who is gone', async () => {
    const gone = AbortSignal.abort();
    const receipts = serviceOf([silent(0)]);
    await receipts.receipt(new Set([7n]), { ...options, waitMs: 10_000, signal: gone });
    expect(receipts.waitingReceiptCount).toBe(0);
  });
});
