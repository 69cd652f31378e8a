import {
  type CursorCodec,
  hasSeen,
  isAtLeast,
  latestKey,
  placeAt,
  type FeedPlace,
} from './cursor.js';
import type { FeedPage, PublishedRevocation } from './read-page.js';
import { PAGE_SIZE } from '../../revocation/revocation-source.js';

const SHARED_FOR_SECONDS = 30;

interface RecentRead {
  readonly since: FeedPlace;
  readonly entries: readonly PublishedRevocation[];
  readonly oldestAtMs: number | undefined;
}

/**
 * What was published lately, in memory, so that readers who are nearly up to date need no query,
 * whichever process gave them their cursor.
 */
export class RecentRevocations {
  private readonly reads: RecentRead[] = [];
  private readonly pages = new WeakMap<FeedPlace, FeedPage>();
  private size = 0;

  /**
   * Begins where `last` ends, without entries.
   *
   * @param cursors of the database that the entries are read from
   */
  constructor(
    readonly cursors: CursorCodec,
    private last: FeedPage,
  ) {}

  /** How far they have come. */
  get place(): FeedPlace {
    return this.last.place;
  }

  /** `xmax` of the snapshot that was read last. */
  get xmax(): bigint {
    return this.last.snapshot.xmax;
  }

  /** Entries that expired before this second were not read, or are left out now. */
  get expiredBefore(): number {
    return this.last.expiredBefore;
  }

  /** The last page was full: what follows it must be read before any reader is served. */
  get isBehind(): boolean {
    return this.last.more;
  }

  /** Takes in a page that was read from {@link place} on. */
  append(page: FeedPage): void {
    const { place: since } = this;
    const { entries, oldestAtMs } = page;
    if (entries.length > 0) this.reads.push({ since, entries, oldestAtMs });
    // While nothing happens the place stays the same object: `read` finds shared pages by it.
    const place = isAtLeast(since, page.place) ? since : page.place;
    // The database's clock may be set back: what it made an earlier read leave out is not here.
    const expiredBefore = Math.max(this.expiredBefore, page.expiredBefore);
    this.last = { ...page, place, expiredBefore };
    this.size += entries.length;
    // A reader is sent no more than a page from here. Beyond that it reads pages from the database.
    while (this.size > PAGE_SIZE) this.size -= this.reads.shift()!.entries.length;
  }

  /**
   * Whether it reaches back to this place: it holds everything that a reader there has not seen.
   */
  reaches(after: FeedPlace): boolean {
    // Each read begins where the one before it ended.
    return isAtLeast(after, this.reads[0]?.since ?? this.place);
  }

  /**
   * Everything that a reader at this place has not seen, a page at most; `undefined` when it does
   * not reach back so far, or is behind. Readers at one place get one page, the same object.
   */
  read(after: FeedPlace): FeedPage | undefined {
    if (this.isBehind) return undefined;
    const known = this.pages.get(after);
    if (known !== undefined && this.isCurrent(known)) return known;
    if (!this.reaches(after)) return undefined;
    const reads = this.readsSince(after);
    const { last } = this;
    const entries = reads
      .flatMap((read) => read.entries)
      .filter((entry) => !hasSeen(after, entry) && entry.revocation.exp >= last.expiredBefore);
    const end = latestKey(last.place, after);
    const place = end === last.place ? last.place : placeAt(end, last.snapshot);
    const page = { ...last, entries, place, oldestAtMs: reads[0]?.oldestAtMs };
    this.pages.set(after, page);
    return page;
  }

  /** An older page may still hold entries that expired since: so readers share it for longer. */
  private isCurrent({ place, expiredBefore }: FeedPage): boolean {
    return place === this.place && this.expiredBefore - expiredBefore < SHARED_FOR_SECONDS;
  }

  private readsSince(after: FeedPlace): readonly RecentRead[] {
    if (isAtLeast(after, this.place)) return [];
    return this.reads.slice(this.reads.findLastIndex(({ since }) => isAtLeast(after, since)));
  }
}
