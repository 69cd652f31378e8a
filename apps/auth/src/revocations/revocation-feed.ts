import { TokenError, type RevocationBatch } from '@jwt-auth/jwt-core';
import {
  PostgresRevocationSource,
  type FeedPosition,
  type PostgresReadOptions,
} from '@jwt-auth/jwt-core/postgres';
import { Injectable, type OnApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';

/** The feed of this process: revocations from the database, beside the fingerprint of the key set. */
@Injectable()
export class RevocationFeed implements OnModuleDestroy, OnApplicationShutdown {
  constructor(private readonly source: PostgresRevocationSource) {}

  /** Readers that wait are answered now, while there is a database to answer from. */
  onModuleDestroy(): void {
    this.source.drain();
  }

  /** By now nothing reads the feed any more: neither a service nor this app's own list. */
  onApplicationShutdown(): void {
    this.source.close();
  }

  /** Sends a new fingerprint of the key set to all readers, at once. */
  announceKeySet(fingerprint: string): void {
    this.source.announceKeySet(fingerprint);
  }

  /** What a reader who sends this cursor has applied. `undefined`: no list. */
  positionOf(cursor: unknown): FeedPosition | undefined {
    return typeof cursor === 'string' ? this.source.positionOf(cursor) : undefined;
  }

  /**
   * One answer, after at most `waitSeconds`; at once to a reader that knows another key set. A cursor
   * that is none gets the whole list.
   *
   * @throws TokenError `revocations_stale` when the source cannot prove that it sends everything
   */
  async read(cursor: unknown, options: PostgresReadOptions): Promise<RevocationBatch> {
    try {
      return await this.source.read(typeof cursor === 'string' ? cursor : undefined, options);
    } catch (cause) {
      throw new TokenError('revocations_stale', 'The list cannot be read', { cause });
    }
  }
}
