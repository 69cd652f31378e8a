import { isText, readPage, type Page, type PageQuery } from '@jwt-auth/chassis';
import type { Revocation } from '@jwt-auth/jwt-core';
import type { RevokedToken } from '@jwt-auth/jwt-core/postgres';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { z } from 'zod';

import { AuditService } from '../audit/audit.service.js';
import { Clock } from '../clock.js';
import { RevocationEffects } from './revocation-effects.js';
import {
  RevocationsRepository,
  type ListedRevocation,
  type PublicationKey,
} from './revocations.repository.js';
import {
  KEY_REVOCATION_SECONDS,
  LONGEST_REVOCATION_SECONDS,
  RevocationsService,
} from './revocations.service.js';
import { demandStillValid } from './still-valid.js';
import type { DoneBy } from '../audit/origin.js';
import type { RevocationRequest } from './revocations.admin.schema.js';

const MAX_XID = 2n ** 64n - 1n;

/** The transaction that wrote the revocation, its kind and its id. */
const Position = z.tuple([
  z
    .string()
    .regex(/^\d{1,20}$/, { abort: true })
    .refine((xid) => BigInt(xid) <= MAX_XID),
  z.string().max(255).refine(isText),
  z.string().max(255).refine(isText),
]);
/** After every transaction that can exist. */
const START: PublicationKey = [String(MAX_XID), '', ''];

/** Revocations by hand: for an incident, and for what this issuer does not know by itself. */
@Injectable()
export class RevocationsAdminService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: RevocationsRepository,
    private readonly revocations: RevocationsService,
    private readonly effects: RevocationEffects,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * What has not expired, in the order in which the feed sent it, the latest first.
   *
   * @throws PageCursorError
   */
  list(query: PageQuery): Promise<Page<RevokedToken>> {
    return readPage<ListedRevocation, PublicationKey>(
      {
        name: 'revocations',
        position: Position,
        positionOf: ({ xid, kind, id }) => [xid, kind, id],
        read: (after = START, count) => this.repository.list(after, count),
      },
      query,
    );
  }

  /**
   * Revokes for as long as any token concerned can live. What this service has with that id ends
   * first: a session gives no new tokens, and a signing key is withdrawn, since this process would
   * otherwise sign with a key that nobody accepts.
   *
   * @throws TokenError `token_revoked`
   */
  async add({ kind, id }: RevocationRequest, by: DoneBy): Promise<RevokedToken> {
    // Not below: by then the caller may have revoked the own session. What waits for a lock checks it again.
    await demandStillValid(this.dataSource.manager, by.caller);
    await this.effects.run(kind, id, by);
    return this.dataSource.transaction(async (manager) => {
      await this.revocations.revoke(manager, [this.revocation(kind, id)]);
      await this.audit.record(manager, {
        ...by,
        action: 'revocation.added',
        subject: id,
        detail: { kind },
      });
      return this.repository.the(manager, kind, id);
    });
  }

  private revocation(kind: Revocation['kind'], id: string): Revocation {
    const now = this.clock.seconds();
    const exp = now + (kind === 'kid' ? KEY_REVOCATION_SECONDS : LONGEST_REVOCATION_SECONDS);
    return { kind, id, exp, ...(kind === 'client' && { before: now }) };
  }
}
