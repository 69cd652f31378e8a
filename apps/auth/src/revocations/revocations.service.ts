import {
  MAX_JWKS_STALE_SECONDS,
  MAX_TOKEN_LIFETIME_MS,
  PRUNE_GRACE_SECONDS,
  type Revocation,
} from '@jwt-auth/jwt-core';
import { recordRevocations } from '@jwt-auth/jwt-core/postgres';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { OwnRevocations } from './own-revocations.js';
import { RevocationsRepository, type RevocableClaims } from './revocations.repository.js';

/**
 * How long a revocation is kept if the end of its tokens is not known: the longest life of a token,
 * and what a clock may be off.
 */
export const LONGEST_REVOCATION_SECONDS = MAX_TOKEN_LIFETIME_MS / 1000 + PRUNE_GRACE_SECONDS;

/**
 * How long a withdrawn key stays on the revocation list: a service that cannot reach the JWKS keeps
 * its keys for a time (`JWKS_MAX_STALE`), and accepts what a thief signed with them until then.
 */
export const KEY_REVOCATION_SECONDS = MAX_JWKS_STALE_SECONDS + LONGEST_REVOCATION_SECONDS;

/** Publishes revocations, and looks up published ones in the database. */
@Injectable()
export class RevocationsService {
  constructor(
    private readonly repository: RevocationsRepository,
    private readonly own: OwnRevocations,
  ) {}

  /**
   * Writes in the caller's transaction: when it commits, the feed sends the revocations to all
   * services; if it fails, nothing was revoked.
   */
  async revoke(manager: EntityManager, revocations: readonly Revocation[]): Promise<void> {
    this.own.addAtCommit(manager, await recordRevocations(manager, revocations));
  }

  /** Whether a token with these claims is revoked, including by other processes just now. */
  isRevoked(token: RevocableClaims): Promise<boolean> {
    return this.repository.isRevoked(token);
  }
}
