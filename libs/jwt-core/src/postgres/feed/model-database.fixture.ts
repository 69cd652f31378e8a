import type { DataSource, QueryRunner } from 'typeorm';
import { recordRevocations } from '../revoked-tokens.js';
import type { FeedConnection } from './connection.js';
import { compareKeys, type PublicationKey } from './cursor.js';

/** What has open transactions, which are named by their place among those that are open. */
export interface Transactions {
  begin(): unknown;
  publish(index: number): unknown;
  commit(index: number): unknown;
  rollBack(index: number): unknown;
}

/** A pool has ten connections. */
const MOST_OPEN = 6;

const entryAt = (number: number) =>
  ({ kind: 'jti', id: `entry-${String(number).padStart(6, '0')}` }) as const;

/** What Postgres does with transaction ids, in memory. */
export class ModelDatabase implements Transactions {
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

  begin(): void {
    if (this.open.size === MOST_OPEN) return;
    this.open.set(this.nextXid++, []);
  }

  publish(index: number): void {
    const xid = this.openAt(index);
    if (xid !== undefined) this.open.get(xid)!.push({ xid, ...entryAt(this.ids++) });
  }

  commit(index: number): void {
    const xid = this.openAt(index);
    if (xid === undefined) return;
    this.committed.push(...this.open.get(xid)!);
    this.open.delete(xid);
  }

  rollBack(index: number): void {
    const xid = this.openAt(index);
    if (xid !== undefined) this.open.delete(xid);
  }

  /** Only commits are on disk: ids above the last of them are given out again. */
  crash(): void {
    this.open.clear();
    this.nextXid = this.committed.reduce((max, { xid }) => (xid >= max ? xid + 1n : max), 3n);
  }

  private openAt(index: number): bigint | undefined {
    return [...this.open.keys()][index % this.open.size];
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

/** The same transactions in Postgres. */
export class RealDatabase implements Transactions {
  private readonly open: QueryRunner[] = [];
  private ids = 0;

  constructor(private readonly dataSource: DataSource) {}

  async begin(): Promise<void> {
    if (this.open.length === MOST_OPEN) return;
    const transaction = this.dataSource.createQueryRunner();
    await transaction.startTransaction();
    // Here already, and not at the first row: the model knows no other transactions.
    await transaction.query('SELECT pg_current_xact_id()');
    this.open.push(transaction);
  }

  async publish(index: number): Promise<void> {
    const transaction = this.open[index % this.open.length];
    const exp = Math.floor(Date.now() / 1000) + 900;
    if (transaction) {
      await recordRevocations(transaction.manager, [{ ...entryAt(this.ids++), exp }]);
    }
  }

  async commit(index: number): Promise<void> {
    const [transaction] = this.open.splice(index % this.open.length, 1);
    await transaction?.commitTransaction();
    await transaction?.release();
  }

  async rollBack(index: number): Promise<void> {
    const [transaction] = this.open.splice(index % this.open.length, 1);
    await transaction?.rollbackTransaction();
    await transaction?.release();
  }

  async end(): Promise<void> {
    while (this.open.length > 0) await this.rollBack(0);
  }
}
