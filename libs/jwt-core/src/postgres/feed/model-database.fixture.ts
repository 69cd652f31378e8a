import type { FeedConnection } from './connection.js';
import { compareKeys, type PublicationKey } from './cursor.js';

/** What Postgres does with transaction ids, in memory, driven by random numbers. */
export class ModelDatabase {
  private nextXid = 3n;
  private readonly open = new Map<bigint, PublicationKey[]>();
  private committed: PublicationKey[] = [];
  private ids = 0;

  /** How the feed reads it. */
  readonly connection: Pick<FeedConnection, 'query'> = {
    query: <Row>({ values = [] }: { values?: unknown[] }) =>
      Promise.resolve(this.answer(values as [string, string, string, string, number]) as Row),
  };

  get visible(): readonly PublicationKey[] {
    return this.committed;
  }

  get openTransactions(): readonly bigint[] {
    return [...this.open.keys()];
  }

  begin(): bigint {
    const xid = this.nextXid++;
    this.open.set(xid, []);
    return xid;
  }

  publish(xid: bigint): void {
    this.open
      .get(xid)!
      .push({ xid, kind: 'jti', id: `entry-${String(this.ids++).padStart(6, '0')}` });
  }

  commit(xid: bigint): void {
    this.committed.push(...this.open.get(xid)!);
    this.open.delete(xid);
  }

  rollBack(xid: bigint): void {
    this.open.delete(xid);
  }

  /** Only commits are on disk: ids above the last of them are given out again. */
  crash(): void {
    this.open.clear();
    this.nextXid = this.committed.reduce((max, { xid }) => (xid >= max ? xid + 1n : max), 3n);
  }

  private answer([xid, kind, id, openThen, limit]: [string, string, string, string, number]) {
    const place = { xid: BigInt(xid), kind, id };
    const late = openThen.slice(1, -1).split(',').filter(Boolean).map(BigInt);
    const unseen = this.committed
      .filter((entry) => late.includes(entry.xid) || compareKeys(entry, place) > 0)
      .sort(compareKeys)
      .slice(0, limit);
    const newest = this.committed.reduce((max, entry) => (entry.xid > max ? entry.xid : max), 0n);
    const open = [...this.open.keys()];
    return {
      snapshot: `${open[0] ?? this.nextXid}:${this.nextXid}:${open.join()}`,
      expired_before: '0',
      newest: newest === 0n ? null : `${newest}`,
      entries: {
        kinds: unseen.map(({ kind }) => kind),
        ids: unseen.map(({ id }) => id),
        exps: unseen.map(() => 1),
        befores: unseen.map(() => null),
        versions: unseen.map(() => null),
        xids: unseen.map(({ xid }) => `${xid}`),
      },
    };
  }
}
