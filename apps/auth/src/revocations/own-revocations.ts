import { RevocationList, type Revocation } from '@jwt-auth/jwt-core';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';

/** What TypeORM tells of a transaction. */
interface TransactionEvent {
  readonly queryRunner: QueryRunner;
}

/**
 * Lets this process heed its own revocations from the moment they commit, ahead of the feed: who
 * was told that they are logged out is never let in again by the process that told them.
 */
@Injectable()
export class OwnRevocations {
  private readonly uncommitted = new WeakMap<QueryRunner, Revocation[]>();

  constructor(
    dataSource: DataSource,
    private readonly list: RevocationList,
  ) {
    dataSource.subscribers.push(this);
  }

  /** To be heeded once the manager's transaction has committed, and not if it fails. */
  expect({ queryRunner }: EntityManager, revocations: readonly Revocation[]): void {
    if (!queryRunner) return;
    const others = this.uncommitted.get(queryRunner) ?? [];
    this.uncommitted.set(queryRunner, [...others, ...revocations]);
  }

  afterTransactionCommit({ queryRunner }: TransactionEvent): void {
    // A savepoint is no commit.
    if (queryRunner.isTransactionActive) return;
    const revocations = this.uncommitted.get(queryRunner) ?? [];
    this.uncommitted.delete(queryRunner);
    // Nobody was asked: this says nothing of what others have revoked.
    if (revocations.length > 0) this.list.confirm(revocations, -Infinity);
  }

  /** Of a savepoint too: which are undone is not known, and the feed brings what is not. */
  afterTransactionRollback({ queryRunner }: TransactionEvent): void {
    this.uncommitted.delete(queryRunner);
  }
}
