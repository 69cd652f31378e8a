import { setTimeout as sleep } from 'node:timers/promises';
import { withClient } from '@jwt-auth/dev-stack';
import { ask } from '../apps/ask.js';
import { quantile } from '../harness/statistics.js';
import type { Visitors } from './guarded-service.js';
import type { FilledAuth } from './filled-auths.js';

/** What waiting readers cost auth. */
export interface WaitingFigures {
  /** Transactions in the database meanwhile, of all that auth does. */
  readonly queriesPerSecond: number;
  /** From a revocation's acknowledgement to the answers of all waiting readers. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Page {
  readonly cursor: string;
  readonly more: boolean;
  readonly entries: readonly { readonly id: string }[];
}

const waitSeconds = 25;
export interface WaitingCourse {
  readonly seconds: number;
  /** Before them: Postgres publishes its counts only after a while. */
  readonly settleMs: number;
}

export async function waitingFigures(
  { auths: { issuer, databaseUrl } }: FilledAuth,
  { client }: Visitors,
  readers: number,
  { seconds, settleMs }: WaitingCourse,
): Promise<WaitingFigures> {
  const feed = `${issuer}/revocations`;
  const [token] = await client.mint(1);
  const after = encodeURIComponent(await endOf(feed));
  const waiting = Promise.all(
    Array.from({ length: readers }, async () => {
      const { status, text } = await ask(`${feed}?after=${after}&wait=${waitSeconds}`);
      return { status, page: JSON.parse(text) as Page, atMs: performance.now() };
    }),
  );
  waiting.catch(() => undefined);
  await sleep(settleMs);
  const before = await transactions(databaseUrl);
  await sleep(seconds * 1000);
  const queriesPerSecond = ((await transactions(databaseUrl)) - before) / seconds;
  await client.revoke(token!);
  const acknowledgedAtMs = performance.now();
  const answers = await waiting;
  const early = answers.filter(({ status, page }) => status !== 200 || page.entries.length === 0);
  if (early.length > 0) throw new Error(`${early.length} of ${readers} readers got no entry`);
  // An answer may be here before the acknowledgement is.
  const times = answers.map(({ atMs }) => Math.max(0, atMs - acknowledgedAtMs));
  return { queriesPerSecond, p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) };
}

/** The cursor of a reader that has read everything. */
async function endOf(feed: string): Promise<string> {
  for (let query = ''; ;) {
    const { cursor, more } = JSON.parse((await ask(feed + query)).text) as Page;
    if (!more) return cursor;
    query = `?after=${encodeURIComponent(cursor)}`;
  }
}

/** So far, in this database. Counted from another one, so as not to count itself. */
function transactions(databaseUrl: string): Promise<number> {
  const server = new URL(databaseUrl);
  const database = server.pathname.slice(1);
  server.pathname = '/postgres';
  return withClient(server.href, async (client) => {
    const { rows } = await client.query<{ count: number }>(
      `SELECT (xact_commit + xact_rollback)::float8 AS count
       FROM pg_stat_database WHERE datname = $1`,
      [database],
    );
    return rows[0]!.count;
  });
}
