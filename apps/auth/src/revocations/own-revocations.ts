import { RevocationList, type Revocation } from '@jwt-auth/jwt-core';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';

/** What TypeORM passes to a subscriber. */
interface TransactionEvent {
  readonly queryRunner: QueryRunner;
}

/**
 * Adds the revocations of this process to its own list when they commit, before the feed sends them.
 * So a process that has answered a logout never accepts the token again.
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

  /** Adds the revocations to the list when the manager's transaction commits. */
  addAtCommit({ queryRunner }: EntityManager, revocations: readonly Revocation[]): void {
    // Without a transaction there is no commit to wait for, and the feed alone sends them. No
    // caller of this app does that.
    if (!queryRunner) return;
    const others = this.uncommitted.get(queryRunner) ?? [];
    this.uncommitted.set(queryRunner, [...others, ...revocations]);
  }

  afterTransactionCommit({ queryRunner }: TransactionEvent): void {
    // The end of a savepoint is not a commit.
    if (queryRunner.isTransactionActive) return;
    const revocations = this.uncommitted.get(queryRunner) ?? [];
    this.uncommitted.delete(queryRunner);
    this.list.add(revocations);
  }

  /**
   * Also called for a savepoint. Then it is unknown which revocations were rolled back, so all are
   * dropped here; the feed sends the others.
   */
  afterTransactionRollback({ queryRunner }: TransactionEvent): void {
    this.uncommitted.delete(queryRunner);
  }
}
