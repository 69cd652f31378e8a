import { setImmediate as nextTurn } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { HttpRevocationSource, IssuerMetadata } from '@jwt-auth/jwt-core';
import { median } from '../harness/statistics.js';
import { type LongestPauses, watchPauses } from './longest-pause.js';
import { revokedIds, type RevokedIds, type RevokedIdsName } from './revoked-ids.js';

/** What a process is asked to do: to read all revocations of an issuer, then to look up, add and prune. */
export interface ListOrder {
  readonly contender: RevokedIdsName;
  readonly issuer: string;
  /** In seconds. Some of the entries expire before it. */
  readonly pruneBefore: number;
  /** Lists before the measured one: the first use compiles and loads code, which is not measured. */
  readonly warmUpLists: number;
  /** Of a hundred ids each. */
  readonly lookUps: number;
}

export interface ListReport {
  readonly entries: number;
  readonly lookupMicroseconds: number;
  readonly addMicroseconds: number;
  /** For each entry held. `null` for a list that cannot forget. */
  readonly pruneMicroseconds: number | null;
  readonly bytesPerEntry: number;
  readonly pauses: LongestPauses;
}

/** As many as `RevocationFollower` applies before other requests get their turn: its `CHUNK_SIZE`. */
const chunkSize = 500;

export async function measureList(order: ListOrder): Promise<ListReport> {
  const make = revokedIds[order.contender];
  const metadata = new IssuerMetadata({ issuer: order.issuer });
  const source = new HttpRevocationSource(metadata);
  for (let each = 0; each < order.warmUpLists; each++) {
    await measureWith(make(), source, { ...order, pruneBefore: Infinity }, 30_000);
  }
  const report = await measureWith(make(), source, order);
  metadata.close();
  return report;
}

async function measureWith(
  ids: RevokedIds,
  source: HttpRevocationSource,
  { pruneBefore, lookUps }: ListOrder,
  mostEntries = Infinity,
): Promise<ListReport> {
  const bytesBefore = await bytesInUse();
  const filling = watchPauses();
  const { entries, addMs, known } = await fill(ids, source, mostEntries);
  const whileFilled = filling.stop();
  const bytesPerEntry = ((await bytesInUse()) - bytesBefore) / entries;
  const lookupMicroseconds = lookUp(ids, known, lookUps);
  const pruning = watchPauses();
  const pruneMs = await prune(ids, pruneBefore);
  await nextTurn();
  const whilePruned = pruning.stop();
  return {
    entries,
    lookupMicroseconds,
    addMicroseconds: (addMs * 1000) / entries,
    pruneMicroseconds: pruneMs === null ? null : (pruneMs * 1000) / entries,
    bytesPerEntry,
    pauses: {
      longestMs: Math.max(whileFilled.longestMs, whilePruned.longestMs),
      ownMs: whileFilled.ownMs && Math.max(whileFilled.ownMs, whilePruned.ownMs ?? 0),
    },
  };
}

/** Needs `--expose-gc`: garbage does not count. */
async function bytesInUse(): Promise<number> {
  // Bodies of answers are released only after the collection that found them unused.
  for (let each = 0; each < 3; each++) {
    globalThis.gc?.();
    await nextTurn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function fill(ids: RevokedIds, source: HttpRevocationSource, mostEntries: number) {
  let [entries, addMs, more] = [0, 0, true];
  let cursor: string | undefined;
  const known: Buffer[] = [];
  while (more && entries < mostEntries) {
    const page = await source.read(cursor, { waitSeconds: 0 });
    for (let at = 0; at < page.entries.length; at += chunkSize) {
      await nextTurn();
      const chunk = page.entries.slice(at, at + chunkSize);
      const startedMs = performance.now();
      ids.add(chunk);
      addMs += performance.now() - startedMs;
      if (known.length < 1_000) known.push(Buffer.from(chunk[0]!.id));
    }
    entries += page.entries.length;
    ({ cursor, more } = page);
  }
  return { entries, addMs, known };
}

/** Of ids that mostly are not there, each as a new string; a hundred are timed together. */
function lookUp(ids: RevokedIds, known: readonly Buffer[], rounds: number): number {
  const samples: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const asked = Array.from({ length: 100 }, (_, index) =>
      index % 10 === 0 ? known[(round + index) % known.length]! : Buffer.from(randomUUID()),
    ).map((id) => id.toString('latin1'));
    const startedMs = performance.now();
    let found = 0;
    for (const id of asked) if (ids.has(id)) found++;
    samples.push(((performance.now() - startedMs) * 1000) / asked.length);
    if (found !== 10) throw new Error(`${found} of 10 ids are found`);
  }
  return median(samples);
}

async function prune({ prune }: RevokedIds, beforeSeconds: number): Promise<number | null> {
  if (!prune) return null;
  let pruneMs = 0;
  const steps = prune(beforeSeconds);
  for (let isDone: boolean | undefined = false; !isDone;) {
    const startedMs = performance.now();
    isDone = steps.next().done;
    pruneMs += performance.now() - startedMs;
    await nextTurn();
  }
  return pruneMs;
}
