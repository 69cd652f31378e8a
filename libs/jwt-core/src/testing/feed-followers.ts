import { setTimeout as delay } from 'node:timers/promises';
import type { RevocationBatch } from '../revocation/revocation-source.js';

/** One service that reads the feed, as far as its requests show. */
interface Follower {
  /** The cursor of its last answer, until it requests the next one. */
  cursor: string | undefined;
  /** The fingerprint in its last answer, and in the last one that it has read. */
  sentFingerprint: string | undefined;
  readFingerprint: string | undefined;
  /** For how many rounds of waiting it has not made a request. */
  missedRounds: number;
}

const roundMs = 5;
/** A service makes its next request at once, or within a second after a failure. */
const mostMissedRounds = 1_000 / roundMs;
/** A service fetches keys a quarter of a second after its last fetch at the latest. */
const mostRounds = 3_000 / roundMs;

/**
 * Knows the services that follow the feed, so that a rotation can wait until they have the new key.
 * A service shows by its next request, which carries the cursor of the last answer, that it has
 * read that answer.
 */
export class FeedFollowers {
  private readonly followers = new Set<Follower>();

  /** Notes a request of the feed and its answer. */
  async follow(
    after: string | undefined,
    answer: Promise<RevocationBatch>,
  ): Promise<RevocationBatch> {
    const follower = this.returning(after) ?? newFollower();
    follower.cursor = undefined;
    follower.readFingerprint = follower.sentFingerprint;
    follower.missedRounds = 0;
    this.followers.add(follower);
    try {
      const batch = await answer;
      follower.cursor = batch.cursor;
      follower.sentFingerprint = batch.jwks;
      return batch;
    } catch (error) {
      // It closed the connection.
      this.followers.delete(follower);
      throw error;
    }
  }

  /**
   * Waits until each service has read this fingerprint and begun to fetch the keys for it. Ends
   * after three seconds at the latest, as not every reader of the feed fetches keys.
   *
   * @param fetches how often the new keys were fetched so far
   */
  async haveKeys(fingerprint: string, fetches: () => number): Promise<void> {
    for (let round = 0; round < mostRounds; round++) {
      const present = [...this.followers];
      const areTold = present.every(({ readFingerprint }) => readFingerprint === fingerprint);
      if (areTold && fetches() >= present.length) return;
      // Not by the global timer, which a test may have stopped.
      await delay(roundMs);
      for (const follower of present) this.noteRound(follower);
    }
  }

  private noteRound(follower: Follower): void {
    if (follower.cursor === undefined) return;
    follower.missedRounds += 1;
    if (follower.missedRounds > mostMissedRounds) this.followers.delete(follower);
  }

  private returning(after: string | undefined): Follower | undefined {
    if (after === undefined) return undefined;
    return [...this.followers].find(({ cursor }) => cursor === after);
  }
}

function newFollower(): Follower {
  return {
    cursor: undefined,
    sentFingerprint: undefined,
    readFingerprint: undefined,
    missedRounds: 0,
  };
}
