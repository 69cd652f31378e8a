import { execute, type Statement } from '@jwt-auth/chassis';
import type { FollowerIdentity } from '@jwt-auth/jwt-core';
import { FeedPosition } from '@jwt-auth/jwt-core/postgres';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { FORGOTTEN_AFTER_MS, type Follower } from './follower.js';
import { FOLLOWERS_CHANNEL } from './follower-report.js';

/** A follower as the process that it asks has saved it, or reported it. */
export interface SavedFollower {
  readonly follower: Follower;
  /** The auth process. */
  readonly process: string;
}

interface Row {
  readonly service: string;
  readonly instance: string;
  readonly version: string | null;
  readonly process: string;
  readonly position: string | null;
  readonly silentMs: number;
}

/** More are of processes that were killed, and are forgotten soon. */
const MAX_LISTED = 10_000;

// In the order of the key, so that two processes lock rows in the same order. Times are the
// database's: a process only knows for how long a follower has been silent.
const SAVE: Statement = {
  name: 'feed_followers.save',
  text: `
    INSERT INTO feed_followers AS saved (service, instance, version, process, position, seen_at)
    SELECT service, instance, version, $1, position, now() - silent_ms * interval '1 millisecond'
      FROM unnest($2::text[], $3::text[], $4::text[], $5::xid8[], $6::float8[])
        AS follower (service, instance, version, position, silent_ms)
      ORDER BY service COLLATE "C", instance COLLATE "C"
    ON CONFLICT (service, instance) DO UPDATE
      SET version = excluded.version, process = excluded.process, position = excluded.position,
        seen_at = excluded.seen_at
      WHERE excluded.seen_at >= saved.seen_at`,
};

const LIST: Statement = {
  name: 'feed_followers.list',
  text: `
    SELECT service, instance, version, process, position::text AS position,
      (extract(epoch FROM now() - seen_at) * 1000)::float8 AS "silentMs"
    FROM feed_followers WHERE seen_at > now() - $1 * interval '1 millisecond'
    ORDER BY seen_at DESC LIMIT ${MAX_LISTED}`,
};

const NOTIFY: Statement = {
  name: 'feed_followers.notify',
  text: 'SELECT pg_notify($1, message) FROM unnest($2::text[]) AS message',
};

// By the first revocation that a follower at this position has not applied.
const MISSING_FOR: Statement = {
  name: 'feed_followers.missing_for',
  text: `
    SELECT position::text AS position, (extract(epoch FROM clock_timestamp() - (
      SELECT created_at FROM revoked_tokens WHERE xid >= position ORDER BY xid, kind, id LIMIT 1
    )) * 1000)::float8 AS "missingForMs"
    FROM unnest($1::xid8[]) AS position`,
};

/** All SQL of `feed_followers`. */
@Injectable()
export class FollowersRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Writes what `process` knows of its followers, where no other process knows later. */
  async save(process: string, followers: readonly Follower[], nowMs: number): Promise<void> {
    if (followers.length === 0) return;
    await this.execute(SAVE, [
      process,
      followers.map(({ service }) => service),
      followers.map(({ instance }) => instance),
      followers.map(({ version }) => version ?? null),
      // There is no column for the transactions that were open.
      followers.map(({ position }) => position && String(position.completeBelow)),
      followers.map(({ seenAtMs }) => Math.max(nowMs - seenAtMs, 0)),
    ]);
  }

  /** Removes followers, and returns those that were there. */
  async remove(followers: readonly FollowerIdentity[]): Promise<FollowerIdentity[]> {
    const [removed] = await this.dataSource.query<[FollowerIdentity[], number]>(
      `DELETE FROM feed_followers WHERE (service, instance) IN (
         SELECT * FROM unnest($1::text[], $2::text[]))
       RETURNING service, instance`,
      [followers.map(({ service }) => service), followers.map(({ instance }) => instance)],
    );
    return removed;
  }

  /** Removes those that have been silent for long, of all processes. */
  async removeForgotten(): Promise<void> {
    await this.dataSource.query(
      `DELETE FROM feed_followers WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM feed_followers WHERE seen_at < now() - $1 * interval '1 millisecond'
         FOR UPDATE SKIP LOCKED))`,
      [FORGOTTEN_AFTER_MS],
    );
  }

  /** The followers of all processes, the last heard of first. */
  async list(nowMs: number): Promise<SavedFollower[]> {
    const rows = await this.execute<Row>(LIST, [FORGOTTEN_AFTER_MS]);
    return rows.map(({ service, instance, version, process, position, silentMs }) => ({
      process,
      follower: {
        service,
        instance,
        ...(version !== null && { version }),
        position: position === null ? undefined : new FeedPosition(BigInt(position)),
        seenAtMs: nowMs - silentMs,
      },
    }));
  }

  /** Sends messages to all auth processes that listen, this one included. */
  async notify(messages: readonly string[]): Promise<void> {
    await this.execute(NOTIFY, [FOLLOWERS_CHANNEL, messages]);
  }

  /**
   * For each position, how many milliseconds ago the first revocation beyond it was recorded. 0 if
   * there is none.
   */
  async missingForMs(transactionIds: ReadonlySet<bigint>): Promise<Map<bigint, number>> {
    const rows = await this.execute<{ position: string; missingForMs: number | null }>(
      MISSING_FOR,
      [[...transactionIds].map(String)],
    );
    return new Map(
      rows.map(({ position, missingForMs }) => [
        BigInt(position),
        Math.max(Math.round(missingForMs ?? 0), 0),
      ]),
    );
  }

  private execute<Row = object>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    return execute<Row>(this.dataSource.manager, statement, values);
  }
}
