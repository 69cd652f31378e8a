import type { RevocationBatch } from '../../revocation/revocation-source.js';
import { encodeCursor, type FeedCursor } from './cursor.js';
import { theBeginning } from './place.js';
import { nextCursor } from './next-cursor.js';
import type { PageReader } from './page-reader.js';
import { pageSize, type FeedPage } from './read-page.js';
import type { RevocationLog } from './revocation-log.js';

export interface FeedAnswer {
  readonly batch: RevocationBatch;
  /** The batch's cursor, before it was put into text. */
  readonly cursor: FeedCursor;
  /** When the oldest of its entries was recorded, on `performance.now()`, if all of them are news. */
  readonly oldestAtMs: number | undefined;
}

/** Answers readers from the log if it reaches back to them, else from the database. */
export class FeedAnswers {
  private readonly shared = new WeakMap<FeedPage, FeedAnswer>();

  constructor(private readonly pages: PageReader) {}

  /**
   * The answer to a cursor. Those who are at the same place are given the very same answer, so that
   * five hundred of them take the memory of one.
   *
   * @throws RevocationSourceError
   */
  async to(cursor: FeedCursor | undefined, log: RevocationLog): Promise<FeedAnswer> {
    const asked = cursor !== undefined && isOf(log, cursor) ? cursor : undefined;
    const logged = asked && log.read(asked.place);
    const isLogged = logged !== undefined && logged.entries.length <= pageSize;
    const page = isLogged ? logged : await this.pages.read(asked?.place ?? theBeginning, log);
    return this.answer(page, asked, log.identity);
  }

  /**
   * The answer to a cursor if it is a full page that was read ahead. That one needs no log that is up
   * to date: it proves nothing, and is of the database that the cursor is of.
   */
  async early(cursor: FeedCursor, log: RevocationLog): Promise<FeedAnswer | undefined> {
    if (cursor.identity !== log.identity) return undefined;
    const page = await this.pages.early(cursor.place, log);
    if (page === undefined || page.snapshot.xmax < cursor.horizon) return undefined;
    return this.answer(page, cursor, log.identity);
  }

  private answer(page: FeedPage, asked: FeedCursor | undefined, identity: string): FeedAnswer {
    const reset = asked === undefined;
    const known = this.shared.get(page);
    if (known?.batch.reset === reset && asked?.again === undefined) return known;
    const { place, snapshot, more, expiredBefore } = page;
    const next = nextCursor(asked, { identity, horizon: snapshot.xmax, place }, { more });
    const entries = page.entries.map(({ revocation }) => revocation);
    const batch = { cursor: encodeCursor(next), reset, more, expiredBefore, entries };
    const oldestAtMs = reset || asked.again !== undefined ? undefined : page.oldestAtMs;
    const answer = { batch, cursor: next, oldestAtMs };
    if (asked?.again === undefined) this.shared.set(page, answer);
    return answer;
  }
}

/** Of the same database, and not of a later time than the database has come to. */
function isOf(log: RevocationLog, { identity, horizon }: FeedCursor): boolean {
  return identity === log.identity && horizon <= log.horizon;
}
