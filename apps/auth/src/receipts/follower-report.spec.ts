import { FeedPosition } from '@jwt-auth/jwt-core/postgres';
import { describe, expect, it } from 'vitest';

import type { Follower } from './follower.js';
import { readMessage, writeReport, type FollowerReport } from './follower-report.js';

const FROM = '5f3c7d6a-0f4e-4d53-9d0b-3a0c5f2b8f10';

function follower(instance: string, position?: FeedPosition): Follower {
  return { service: 'orders', instance, position, seenAtMs: 900 };
}

function sent(followers: Follower[], left: { service: string; instance: string }[] = []): string[] {
  return [...writeReport(FROM, { followers, left, isComplete: true }, 1_000)];
}

const read = (payload: string) => readMessage(payload, 5_000) as FollowerReport | undefined;

describe('a report', () => {
  it('says of each follower what is known', () => {
    const position = new FeedPosition(2n ** 63n, new Set([5n, 9n]));
    const [message = ''] = sent(
      [{ ...follower('a', position), version: '1.2.3' }, follower('b')],
      [{ service: 'orders', instance: 'c' }],
    );
    expect(read(message)).toEqual({
      type: 'report',
      from: FROM,
      isLast: true,
      left: [{ service: 'orders', instance: 'c' }],
      followers: [
        { service: 'orders', instance: 'a', version: '1.2.3', position, seenAtMs: 4_900 },
        { service: 'orders', instance: 'b', position: undefined, seenAtMs: 4_900 },
      ],
    });
  });

  it('of thousands comes in messages that Postgres takes, the last of which says so', () => {
    const many = Array.from({ length: 2_000 }, (_, n) =>
      follower('x'.repeat(60) + n, new FeedPosition(BigInt(n % 50), new Set([1n]))),
    );
    const left = Array.from({ length: 500 }, (_, n) => ({
      service: 'y'.repeat(64),
      instance: 'z'.repeat(60) + n,
    }));
    const messages = sent(many, left);
    expect(Math.max(...messages.map((message) => Buffer.byteLength(message)))).toBeLessThan(8_000);
    const reports = messages.map(read);
    expect(reports.flatMap((report) => report?.followers)).toHaveLength(2_000);
    expect(reports.flatMap((report) => report?.left)).toHaveLength(500);
    expect(reports.map((report) => report?.isLast).lastIndexOf(false)).toBe(messages.length - 2);
    expect(reports.at(-1)?.isLast).toBe(true);
  });

  it('of a position with too many open transactions claims less, never more', () => {
    const open = new Set(Array.from({ length: 5_000 }, (_, n) => BigInt(100 + n)));
    const [message = ''] = sent([follower('a', new FeedPosition(9_000n, open))]);
    const position = read(message)?.followers[0]?.position;
    expect(position?.covers(99n)).toBe(true);
    expect([100n, 5_200n, 8_999n].map((id) => position?.covers(id))).toEqual([false, false, false]);
  });

  it('on nothing is one message', () => {
    expect(sent([])).toHaveLength(1);
  });
});

it.each([
  ['no JSON', '{'],
  ['an empty text', ''],
  ['an unknown type', JSON.stringify({ type: 'shout', from: FROM })],
  ['a sender that is none', JSON.stringify({ type: 'ask', from: 'me', forMs: 1 })],
  ['an endless ask', JSON.stringify({ type: 'ask', from: FROM, forMs: 1e9 })],
  [
    'a name with a space',
    JSON.stringify({
      ...{ type: 'report', from: FROM, positions: [], left: [], isLast: true },
      followers: [['orders eu', 'a', null, -1, 0]],
    }),
  ],
  [
    'a position that is none',
    JSON.stringify({
      ...{ type: 'report', from: FROM, followers: [], left: [], isLast: true },
      positions: [['-1', []]],
    }),
  ],
])('%s is no message', (_, payload) => {
  expect(read(payload)).toBeUndefined();
});
