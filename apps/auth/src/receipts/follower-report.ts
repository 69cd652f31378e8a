import type { FollowerIdentity } from '@jwt-auth/jwt-core';
import { FeedPosition } from '@jwt-auth/jwt-core/postgres';
import { z } from 'zod';

import { FollowerName, type Follower } from './follower.js';

/** The channel on which auth processes tell each other where followers are. */
export const FOLLOWERS_CHANNEL = 'feed_followers';

/** Postgres takes less than 8,000 bytes (NOTIFY). */
const MAX_PAYLOAD_BYTES = 7_800;
/** More are rare, and would not fit. */
const MAX_OPEN = 200;

const TransactionId = z.string().regex(/^\d{1,20}$/);

/** `service, instance, version, position, milliseconds of silence`. */
const ReportedFollower = z.tuple([
  FollowerName,
  FollowerName,
  FollowerName.nullable(),
  z.int(),
  z.number().min(0),
]);

const FollowerMessage = z.discriminatedUnion('type', [
  /** A process asks all others for reports, for as long. */
  z.object({ type: z.literal('ask'), from: z.uuid(), forMs: z.number().min(0).max(60_000) }),
  z.object({
    type: z.literal('report'),
    from: z.uuid(),
    /** Those that followers refer to, as most are at the same one: the next id, and open ones. */
    positions: z.array(z.tuple([TransactionId, z.array(TransactionId)])),
    followers: z.array(ReportedFollower),
    left: z.array(z.tuple([FollowerName, FollowerName])),
    /** The last message of a report on all that the process knows. */
    isLast: z.boolean(),
  }),
]);
export type FollowerMessage = z.infer<typeof FollowerMessage>;

export interface FollowerReport {
  readonly type: 'report';
  readonly from: string;
  readonly followers: readonly Follower[];
  readonly left: readonly FollowerIdentity[];
  readonly isLast: boolean;
}

/** What another process sent. `undefined` for a message that this release does not understand. */
export function readMessage(
  payload: string,
  nowMs: number,
): Extract<FollowerMessage, { type: 'ask' }> | FollowerReport | undefined {
  const { success, data: message } = FollowerMessage.safeParse(parsed(payload));
  if (!success) return undefined;
  if (message.type === 'ask') return message;
  const positions = message.positions.map(
    ([id, open]) => new FeedPosition(BigInt(id), new Set(open.map(BigInt))),
  );
  return {
    type: 'report',
    from: message.from,
    isLast: message.isLast,
    left: message.left.map(([service, instance]) => ({ service, instance })),
    followers: message.followers.map(([service, instance, version, position, silentMs]) => ({
      service,
      instance,
      ...(version !== null && { version }),
      position: positions[position],
      seenAtMs: nowMs - silentMs,
    })),
  };
}

export interface ReportContent {
  readonly followers: readonly Follower[];
  readonly left: readonly FollowerIdentity[];
  /** Whether this is everything that the process knows. */
  readonly isComplete: boolean;
}

/** The messages that report followers, each small enough for Postgres. One at least. */
export function* writeReport(
  from: string,
  { followers, left, isComplete }: ReportContent,
  nowMs: number,
): Generator<string> {
  let page = new ReportPage(from);
  const lines = [
    ...followers.map((follower) => (to: ReportPage) => to.addFollower(follower, nowMs)),
    ...left.map((identity) => (to: ReportPage) => to.addLeft(identity)),
  ];
  for (const addTo of lines) {
    if (addTo(page)) continue;
    yield page.text(false);
    page = new ReportPage(from);
    addTo(page);
  }
  yield page.text(isComplete);
}

class ReportPage {
  private readonly positions: [string, string[]][] = [];
  private readonly indexes = new Map<string, number>();
  private readonly followers: z.infer<typeof ReportedFollower>[] = [];
  private readonly left: [string, string][] = [];
  private bytes = 200;

  constructor(private readonly from: string) {}

  /** Whether there was room for it. */
  addFollower(follower: Follower, nowMs: number): boolean {
    const { service, instance, version = null, position, seenAtMs } = follower;
    const content = position && written(position);
    const key = JSON.stringify(content);
    const known = this.indexes.get(key);
    const index = content === undefined ? -1 : (known ?? this.positions.length);
    const silentMs = Math.max(Math.round(nowMs - seenAtMs), 0);
    const line: z.infer<typeof ReportedFollower> = [service, instance, version, index, silentMs];
    const isNewPosition = content !== undefined && known === undefined;
    const bytes = JSON.stringify(line).length + 1 + (isNewPosition ? key.length + 1 : 0);
    if (!this.takes(bytes)) return false;
    this.followers.push(line);
    if (isNewPosition) this.indexes.set(key, this.positions.push(content) - 1);
    return true;
  }

  addLeft({ service, instance }: FollowerIdentity): boolean {
    if (!this.takes(service.length + instance.length + 8)) return false;
    this.left.push([service, instance]);
    return true;
  }

  text(isLast: boolean): string {
    const { from, positions, followers, left } = this;
    const message: FollowerMessage = { type: 'report', from, positions, followers, left, isLast };
    return JSON.stringify(message);
  }

  private takes(bytes: number): boolean {
    if (this.bytes + bytes > MAX_PAYLOAD_BYTES) return false;
    this.bytes += bytes;
    return true;
  }
}

/** With too many open transactions: up to the first of them, which is true as well. */
function written({ transactionId, open, completeBelow }: FeedPosition): [string, string[]] {
  if (open.size > MAX_OPEN) return [String(completeBelow), []];
  return [String(transactionId), [...open].map(String)];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
