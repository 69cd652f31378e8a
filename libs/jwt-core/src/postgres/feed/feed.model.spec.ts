import { expect, it } from 'vitest';
import { CursorCodec, theBeginning, type PublicationKey } from './cursor.js';
import { ModelDatabase } from './model-database.fixture.js';
import { readPage } from './read-page.js';
import { RecentRevocations } from './recent-revocations.js';

const cursors = new CursorCodec(Buffer.from('secret'), 'identity');
const limit = 3;

/** mulberry32: the same history for the same seed. */
function chance(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

class Reader {
  private readonly seen = new Set<string>();
  private cursor: string | undefined;
  /** What was committed when the reader asked for the first of its pages. */
  private promised: readonly PublicationKey[] | undefined;

  /** Reads one page, from the log when it can serve it. @returns what is missing after the last. */
  async read(
    database: ModelDatabase,
    log: RecentRevocations | undefined,
  ): Promise<PublicationKey[]> {
    this.promised ??= [...database.visible];
    const asked = this.cursor === undefined ? undefined : cursors.decode(this.cursor);
    const after = asked?.place ?? theBeginning;
    const logged = log?.read(after);
    const isLogged = logged !== undefined && logged.entries.length <= limit;
    const page = isLogged ? logged : await readPage(database.connection, { after, limit });
    for (const { id } of page.entries) this.seen.add(id);
    const { place, snapshot } = page;
    this.cursor = cursors.encode({ place, horizon: snapshot.xmax, jwks: undefined });
    if (page.more) return [];
    const missing = this.promised.filter(({ id }) => !this.seen.has(id));
    this.promised = undefined;
    return missing;
  }
}

async function bringUpToDate(log: RecentRevocations, database: ModelDatabase): Promise<void> {
  for (let more = true; more;) {
    const page = await readPage(database.connection, { after: log.head, limit });
    log.append(page);
    ({ more } = page);
  }
}

async function history(seed: number): Promise<void> {
  const below = chance(seed);
  const database = new ModelDatabase();
  const readers = [new Reader(), new Reader(), new Reader()];
  const any = <T>(items: readonly T[]): T | undefined => items[below(items.length || 1)];
  const log = new RecentRevocations(
    cursors,
    await readPage(database.connection, { after: theBeginning }),
  );
  for (let step = 0; step < 200; step++) {
    const some = any(database.openTransactions);
    const action = below(20);
    if (action < 5) database.begin();
    else if (action < 10 && some) database.publish(some);
    else if (action < 12 && some) database.commit(some);
    else if (action < 13 && some) database.rollBack(some);
    else if (action < 14 && below(6) === 0) database.crash();
    else if (action >= 14) {
      // Another process serves the reader, or one whose log has just been brought up to date.
      const isLogged = action < 17;
      if (isLogged) await bringUpToDate(log, database);
      const missing = await any(readers)!.read(database, isLogged ? log : undefined);
      expect(missing, `seed ${seed}, step ${step}`).toEqual([]);
    }
  }
}

it('sends every reader everything that was committed before its request, in 200 histories', async () => {
  for (let seed = 1; seed <= 200; seed++) await history(seed);
});
