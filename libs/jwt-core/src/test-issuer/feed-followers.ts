import { setTimeout as delay } from 'node:timers/promises';
import type { RevocationBatch } from '../revocation/revocation-source.js';

/** One service that reads the feed, as far as its requests show. */
interface Follower {
  /** Its last answer, until it makes the next request. */
  sent: RevocationBatch | undefined;
  /** The last answer that it has read. */
  read: RevocationBatch | undefined;
  /** For how many rounds of waiting it has not made a request. */
  missedRounds: number;
}

const ROUND_MS = 5;
/** A service makes its next request at once, or within a second after a failure. */
const MOST_MISSED_ROUNDS = 1_000 / ROUND_MS;
/** A service fetches keys a quarter of a second after its last fetch at the latest. */
const MOST_ROUNDS = 3_000 / ROUND_MS;

/**
 * Knows the services that follow the feed, so that a test can wait until they have a new key or a
 * revocation. A service shows by its next request, which carries the cursor of the last answer,
 * that it has read that answer. Requests that do not wait for news are not its way through the
 * feed.
 */
export class FeedFollowers {
  private readonly followers = new Set<Follower>();
  private lost = 0;

  /** Notes a request of the feed and its answer. */
  async follow(
    after: string | undefined,
    answer: Promise<RevocationBatch>,
  ): Promise<RevocationBatch> {
    const follower = this.returning(after) ?? newFollower();
    follower.read = follower.sent;
    follower.sent = undefined;
    follower.missedRounds = 0;
    this.followers.add(follower);
    try {
      follower.sent = await answer;
      return follower.sent;
    } catch (error) {
      // It closed the connection.
      this.followers.delete(follower);
      throw error;
    }
  }

  /** The issuer is about to go down. */
  noteOutage(): void {
    this.lost = Math.max(this.lost, this.followers.size);
  }

  /**
   * Waits until each service has read this fingerprint and begun to fetch the keys for it.
   *
   * @param requests how often the new keys were requested so far
   */
  haveKeys(fingerprint: string, requests: () => number): Promise<void> {
    const isRead = ({ read }: Follower) => read?.jwks === fingerprint;
    return this.until((present) => present.every(isRead) && requests() >= present.length);
  }

  /** Waits until each service has applied an answer of which this is true. */
  haveRead(isMeant: (batch: RevocationBatch) => boolean): Promise<void> {
    return this.until((present) => present.every(({ read }) => read && isMeant(read)));
  }

  /** Waits until there are as many as before the outage. */
  haveReturned(): Promise<void> {
    const count = this.lost;
    this.lost = 0;
    return this.until((present) => present.length >= count);
  }

  /** Ends after three seconds at the latest, as not every reader goes on, or fetches keys. */
  private async until(isDone: (present: readonly Follower[]) => boolean): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS && !isDone([...this.followers]); round++) {
      const present = [...this.followers];
      // Not by the global timer, which a test may have stopped.
      await delay(ROUND_MS);
      for (const follower of present) this.noteRound(follower);
    }
  }

  private noteRound(follower: Follower): void {
    if (follower.sent === undefined) return;
    follower.missedRounds += 1;
    if (follower.missedRounds > MOST_MISSED_ROUNDS) this.followers.delete(follower);
  }

  private returning(after: string | undefined): Follower | undefined {
    if (after === undefined) return undefined;
    return [...this.followers].find(({ sent }) => sent?.cursor === after);
  }
}

function newFollower(): Follower {
  return { sent: undefined, read: undefined, missedRounds: 0 };
}
