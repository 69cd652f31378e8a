import { execute, type Statement } from '@jwt-auth/chassis';
import type { FollowerIdentity } from '@jwt-auth/jwt-core';
import { clusterIdentity, FeedPosition } from '@jwt-auth/jwt-core/postgres';
import { Injectable } from '@nestjs/common';
import type { ClientBase } from 'pg';
import { DataSource, type QueryRunner } from 'typeorm';

import { FORGOTTEN_AFTER_MS, keyOf, type Follower } from './follower.js';

/** The channels on which auth processes notify each other. */
export const FOLLOWER_CHANNELS = {
  /** Somebody waits: save each change at once. The release before sends reports here, which ask, too. */
  ask: 'feed_followers',
  /** Save what you know. */
  askOnce: 'feed_followers_once',
  /** Changes were saved. */
  saved: 'feed_followers_saved',
  /** A follower has left: its `FollowerKey`. */
  left: 'feed_followers_left',
} as const;

interface Row {
  readonly service: string;
  readonly instance: string;
  readonly version: string | null;
  /** `xmin:xmax:open,…` */
  readonly snapshot: string | null;
  readonly databaseIdentity: string | null;
  readonly silentMs: number;
}

/** More are of processes that were killed, and are forgotten soon. */
const MAX_LISTED = 10_000;
/** More are rare. */
const MAX_OPEN = 200;

// In the order of the key, so that two processes lock rows in the same order. Times are the
// database's: a process only knows for how long a follower has been silent.
const SAVE: Statement = {
  name: 'feed_followers.save',
  text: `
    INSERT INTO feed_followers AS saved (service, instance, version, process, position, snapshot,
      database_identity, seen_at)
    SELECT service, instance, version, $1, pg_snapshot_xmin(snapshot), snapshot, database_identity,
        now() - silent_ms * interval '1 millisecond'
      FROM unnest($2::text[], $3::text[], $4::text[], $5::pg_snapshot[], $6::text[], $7::float8[])
        AS follower (service, instance, version, snapshot, database_identity, silent_ms)
      ORDER BY service COLLATE "C", instance COLLATE "C"
    ON CONFLICT (service, instance) DO UPDATE
      SET version = excluded.version, process = excluded.process, position = excluded.position,
        snapshot = excluded.snapshot, database_identity = excluded.database_identity,
        seen_at = excluded.seen_at
      WHERE excluded.seen_at >= saved.seen_at
        -- Its clock was set back.
        OR saved.seen_at > clock_timestamp()`,
};

// The release before saves `position` alone: everything below it is applied.
const LIST: Statement = {
  name: 'feed_followers.list',
  text: `
    SELECT service, instance, version,
      CASE WHEN position = pg_snapshot_xmin(snapshot) THEN snapshot::text
        ELSE position || ':' || position || ':' END AS snapshot,
      CASE WHEN position = pg_snapshot_xmin(snapshot) THEN database_identity END
        AS "databaseIdentity",
      (extract(epoch FROM now() - seen_at) * 1000)::float8 AS "silentMs"
    FROM feed_followers WHERE seen_at > now() - $1 * interval '1 millisecond'
    ORDER BY seen_at DESC LIMIT ${MAX_LISTED}`,
};

// Those of one process, or of all, and these are named to all. Locked in the order of SAVE: a plain
// DELETE locks in the order of its scan. By key, as a row that was saved meanwhile has another ctid.
const REMOVE: Statement = {
  name: 'feed_followers.remove',
  text: `
    WITH locked AS MATERIALIZED (
      SELECT service, instance FROM feed_followers
      WHERE (service, instance) IN (SELECT * FROM unnest($1::text[], $2::text[]))
        AND ($3::uuid IS NULL OR process = $3)
      ORDER BY service, instance FOR UPDATE
    ), removed AS (
      DELETE FROM feed_followers AS follower USING locked
      WHERE follower.service = locked.service AND follower.instance = locked.instance
      RETURNING follower.service, follower.instance
    )
    SELECT pg_notify('${FOLLOWER_CHANNELS.left}', service || ' ' || instance) FROM removed
    WHERE $3::uuid IS NULL`,
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
  async save(process: string, followers: readonly Follower[]): Promise<void> {
    if (followers.length === 0) return;
    await this.onConnection((runner, nowMs) =>
      execute(runner.manager, SAVE, [
        process,
        followers.map(({ service }) => service),
        followers.map(({ instance }) => instance),
        followers.map(({ version }) => version ?? null),
        followers.map(({ position }) => position && snapshotOf(position)),
        followers.map(({ position }) => position?.databaseIdentity),
        followers.map(({ seenAtMs }) => Math.max(nowMs - seenAtMs, 0)),
      ]),
    );
  }

  /**
   * Removes followers that leave. All auth processes are notified of those that were there: anyone can
   * say that someone leaves.
   */
  async remove(followers: readonly FollowerIdentity[]): Promise<void> {
    await this.execute(REMOVE, [...namesOf(followers), null]);
  }

  /** Removes followers that no other process has seen later than `process`. */
  async removeOf(process: string, followers: readonly FollowerIdentity[]): Promise<void> {
    await this.execute(REMOVE, [...namesOf(followers), process]);
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

  /** The followers of all processes, the last seen first. */
  list(): Promise<Follower[]> {
    return this.onConnection(async (runner, nowMs) => {
      const rows = await execute<Row>(runner.manager, LIST, [FORGOTTEN_AFTER_MS]);
      return rows.map((row) => ({
        key: keyOf(row),
        service: row.service,
        instance: row.instance,
        ...(row.version !== null && { version: row.version }),
        position: positionOf(row),
        seenAtMs: nowMs - row.silentMs,
      }));
    });
  }

  /** Notifies all auth processes that listen, this one included. */
  async notify(channel: string): Promise<void> {
    await this.dataSource.query(`SELECT pg_notify($1, '')`, [channel]);
  }

  /** Of the database that answers now. */
  databaseIdentity(): Promise<string> {
    return this.onConnection(async (runner) =>
      clusterIdentity((await runner.connect()) as ClientBase),
    );
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

  /** With the time after the wait for a connection, which says nothing of followers. */
  private async onConnection<T>(
    work: (runner: QueryRunner, nowMs: number) => Promise<T>,
  ): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    try {
      await runner.connect();
      return await work(runner, performance.now());
    } finally {
      await runner.release();
    }
  }

  private execute<Row = object>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    return execute<Row>(this.dataSource.manager, statement, values);
  }
}

function namesOf(followers: readonly FollowerIdentity[]): string[][] {
  return [followers.map(({ service }) => service), followers.map(({ instance }) => instance)];
}

/** With too many open transactions: up to the first of them, which is true as well. */
function snapshotOf({ transactionId, open, completeBelow }: FeedPosition): string {
  // Postgres takes no snapshot from 0 on. No transaction has the id 1.
  const from = completeBelow || 1n;
  if (open.size > MAX_OPEN) return `${from}:${from}:`;
  return `${from}:${transactionId || 1n}:${[...open].join()}`;
}

function positionOf({ snapshot, databaseIdentity }: Row): FeedPosition | undefined {
  if (snapshot === null) return undefined;
  const [, below = '', open = ''] = snapshot.split(':');
  const ids = open === '' ? [] : open.split(',').map(BigInt);
  return new FeedPosition(BigInt(below), new Set(ids), databaseIdentity ?? undefined);
}
