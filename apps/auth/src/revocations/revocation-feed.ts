import type { RevocationBatch } from '@jwt-auth/jwt-core';
import { TokenError } from '@jwt-auth/jwt-core';
import { PostgresRevocationSource } from '@jwt-auth/jwt-core/postgres';
import {
  Injectable,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';

import { KeyRing } from '../keys/key-ring.js';
import { feedCursor, readFeedCursor } from './feed-cursor.js';

/** The feed: revocations as their source tells them, beside the fingerprint of the key set. */
@Injectable()
export class RevocationFeed implements OnModuleInit, OnModuleDestroy, OnApplicationShutdown {
  private readonly waiting = new Set<AbortController>();
  private isClosing = false;
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly source: PostgresRevocationSource,
    private readonly keys: KeyRing,
  ) {}

  onModuleInit(): void {
    this.unsubscribe = this.keys.onChange(() => this.answerAll());
  }

  /** Whoever waits is answered now, while there is a database to answer from. */
  onModuleDestroy(): void {
    this.isClosing = true;
    this.unsubscribe?.();
    this.answerAll();
  }

  /** By now nobody reads any more: neither a service nor this app's own list. */
  onApplicationShutdown(): void {
    this.source.close();
  }

  /**
   * One answer, after at most `waitSeconds`: at once where the reader knows other keys than these.
   *
   * @param gone the reader has hung up
   * @throws TokenError `revocations_stale` when the source cannot prove that it tells everything
   */
  async read(cursor: unknown, waitSeconds: number, gone: AbortSignal): Promise<RevocationBatch> {
    const { after, fingerprint } = readFeedCursor(cursor);
    const isCurrent = fingerprint === this.keys.fingerprint && !this.isClosing;
    const batch = await this.ask(after, isCurrent ? waitSeconds : 0, gone);
    const jwks = this.keys.fingerprint;
    return { ...batch, cursor: feedCursor(batch.cursor, jwks), jwks };
  }

  private async ask(
    after: string | undefined,
    waitSeconds: number,
    gone: AbortSignal,
  ): Promise<RevocationBatch> {
    const hurry = new AbortController();
    this.waiting.add(hurry);
    try {
      const signal = AbortSignal.any([hurry.signal, gone]);
      return await this.source.read(after, { waitSeconds, signal });
    } catch (cause) {
      if (hurry.signal.aborted && !gone.aborted) return this.ask(after, 0, gone);
      throw new TokenError('revocations_stale', 'The list cannot be read', { cause });
    } finally {
      this.waiting.delete(hurry);
    }
  }

  private answerAll(): void {
    for (const hurry of this.waiting) hurry.abort();
  }
}
