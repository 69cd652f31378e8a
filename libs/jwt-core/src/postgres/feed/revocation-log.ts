import { hasSeen, isAtLeast, latestKey, placeAt, type FeedPlace } from './place.js';
import type { FeedPage, PublishedRevocation } from './read-page.js';

/** How many entries are remembered: some 10 MB. */
const maxEntries = 50_000;
const sharedForSeconds = 30;

interface LoggedRead {
  readonly since: FeedPlace;
  readonly entries: readonly PublishedRevocation[];
  readonly oldestAtMs: number | undefined;
}

/**
 * What was published lately, in memory, so that readers who are nearly up to date need no query,
 * whichever process gave them their cursor.
 */
export class RevocationLog {
  private readonly reads: LoggedRead[] = [];
  private readonly pages = new WeakMap<FeedPlace, FeedPage>();
  private size = 0;

  /** Begins where `last` ends, without entries. */
  constructor(
    readonly identity: string,
    private last: FeedPage,
  ) {}

  /** How far the log has come. */
  get head(): FeedPlace {
    return this.last.place;
  }

  /** `xmax` of the snapshot that was read last. */
  get horizon(): bigint {
    return this.last.snapshot.xmax;
  }

  /** Entries that expired before this second have not been read, or are not told any more. */
  get expiredBefore(): number {
    return this.last.expiredBefore;
  }

  /** The last page was not the last: what comes next is to be read before anybody reads the log. */
  get isBehind(): boolean {
    return this.last.more;
  }

  /** Takes in a page that was read from {@link head} on. */
  append(page: FeedPage): void {
    const { head } = this;
    const { entries, oldestAtMs } = page;
    if (entries.length > 0) this.reads.push({ since: head, entries, oldestAtMs });
    // While nothing happens the head stays the same object, by which `read` knows its readers.
    const place = isAtLeast(head, page.place) ? head : page.place;
    // The database's clock may be set back: what it made an earlier read leave out is not here.
    const expiredBefore = Math.max(this.expiredBefore, page.expiredBefore);
    this.last = { ...page, place, expiredBefore };
    this.size += entries.length;
    while (this.size > maxEntries) this.size -= this.reads.shift()!.entries.length;
  }

  /**
   * Everything that a reader at this place has not seen; `undefined` when that goes further back
   * than the log, or the log is behind. Readers at one place are given one page, the same object.
   */
  read(after: FeedPlace): FeedPage | undefined {
    if (this.isBehind) return undefined;
    const known = this.pages.get(after);
    if (known !== undefined && this.isCurrent(known)) return known;
    const reads = this.readsSince(after);
    if (reads === undefined) return undefined;
    const { head, last } = this;
    const entries = reads
      .flatMap((read) => read.entries)
      .filter((entry) => !hasSeen(after, entry) && entry.revocation.exp >= last.expiredBefore);
    const end = latestKey(head, after);
    const place = end === head ? head : placeAt(end, last.snapshot);
    const page = { ...last, entries, place, oldestAtMs: reads[0]?.oldestAtMs };
    this.pages.set(after, page);
    return page;
  }

  /** Which expired entries it leaves out may be an older state: so readers share it for longer. */
  private isCurrent({ place, expiredBefore }: FeedPage): boolean {
    return place === this.head && this.expiredBefore - expiredBefore < sharedForSeconds;
  }

  private readsSince(after: FeedPlace): readonly LoggedRead[] | undefined {
    if (isAtLeast(after, this.head)) return [];
    const first = this.reads.findLastIndex(({ since }) => isAtLeast(after, since));
    return first < 0 ? undefined : this.reads.slice(first);
  }
}
