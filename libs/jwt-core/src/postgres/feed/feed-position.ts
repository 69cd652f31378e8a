import type { FeedPlace } from './cursor.js';

/**
 * How far a reader has come, by the transactions that published: what its cursor shows that it has
 * applied.
 */
export class FeedPosition {
  /**
   * @param transactionId everything that smaller transaction ids published has been read (`xid8`)
   * @param open except what these publish later: they had not ended then
   */
  constructor(
    readonly transactionId: bigint,
    readonly open: ReadonlySet<bigint> = new Set(),
  ) {}

  static of({ xid, open }: FeedPlace): FeedPosition {
    return new FeedPosition(xid, open);
  }

  /** Everything that transaction ids below this one published has been read, without an exception. */
  get completeBelow(): bigint {
    return [...this.open].reduce((least, id) => (id < least ? id : least), this.transactionId);
  }

  /** Whether everything was read that a transaction has published which has committed. */
  covers(transactionId: bigint): boolean {
    return transactionId < this.transactionId && !this.open.has(transactionId);
  }
}
