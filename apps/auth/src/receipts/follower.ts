import { isFollowerName, type FollowerIdentity } from '@jwt-auth/jwt-core';
import type { FeedPosition } from '@jwt-auth/jwt-core/postgres';
import { z } from 'zod';

/** A process of a service that reads the feed, as far as its questions show. */
export interface Follower extends FollowerIdentity {
  readonly key: FollowerKey;
  /** What it has applied. `undefined`: no list yet. */
  readonly position: FeedPosition | undefined;
  /** When it was last seen, on the monotonic clock of this process. */
  readonly seenAtMs: number;
}

/** What it has applied of this database. After a fail-over a position says nothing until the next. */
export function positionIn(
  { position }: Follower,
  databaseIdentity: string,
): FeedPosition | undefined {
  // The release before saves none.
  const { databaseIdentity: ofPosition = databaseIdentity } = position ?? {};
  return ofPosition === databaseIdentity ? position : undefined;
}

/** How long a follower may be silent before it is forgotten. */
export const FORGOTTEN_AFTER_MS = 600_000;

export type FollowerKey = string;

/** No {@link FollowerName} has a space, so that two followers never have one key. */
export const keyOf = ({
  service,
  instance,
}: Pick<FollowerIdentity, 'service' | 'instance'>): FollowerKey => `${service} ${instance}`;

/** For lists: by service, then by instance. */
export const byName = (one: FollowerIdentity, other: FollowerIdentity): number =>
  keyOf(one) < keyOf(other) ? -1 : 1;

/** Of a service, an instance or a version. The OpenAPI document shows only the length. */
export const FollowerName = z.string().max(64).refine(isFollowerName);

/** The name in the query of a question. A question without a valid one is answered all the same. */
export function followerIn({
  service,
  instance,
  version,
}: Readonly<Record<string, unknown>>): FollowerIdentity | undefined {
  if (!isFollowerName(service) || !isFollowerName(instance)) return undefined;
  return { service, instance, ...(isFollowerName(version) && { version }) };
}
