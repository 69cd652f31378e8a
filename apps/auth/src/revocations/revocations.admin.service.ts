import { readPage, toUuid, type Page, type PageQuery } from '@jwt-auth/chassis';
import { MAX_TOKEN_LIFETIME_MS, type Revocation } from '@jwt-auth/jwt-core';
import { RevokedToken } from '@jwt-auth/jwt-core/postgres';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';

import { AuditService } from '../audit/audit.service.js';
import { Clock } from '../clock.js';
import { KeyRotationService, WITHDRAWN_SECONDS } from '../keys/key-rotation.service.js';
import { SigningKey } from '../keys/signing-key.entity.js';
import {
  RevocationsRepository,
  type ListedRevocation,
  type PublicationPosition,
} from './revocations.repository.js';
import { RevocationsService } from './revocations.service.js';
import { SessionEndService } from '../sessions/session-end.service.js';
import { Session } from '../sessions/session.entity.js';
import type { ByAdmin } from '../audit/by-admin.js';
import type { RevocationRequest } from './revocations.admin.schema.js';

/** The longest life of a token, and the most that a service's clock may be off. */
const LONGEST_LIFE_SECONDS = MAX_TOKEN_LIFETIME_MS / 1000 + 60;

const MAX_XID = 2n ** 64n - 1n;
/** Postgres takes no NUL in a text. */
const NO_NUL = /^[^\0]*$/;

/** The transaction that wrote the revocation, its kind and its id. */
const Position = z.tuple([
  z
    .string()
    .regex(/^\d{1,20}$/)
    .refine((xid) => BigInt(xid) <= MAX_XID),
  z.string().max(255).regex(NO_NUL),
  z.string().max(255).regex(NO_NUL),
]);
/** After every transaction that can exist. */
const START: PublicationPosition = [String(MAX_XID), '', ''];

/** Revocations by hand: for an incident, and for what this issuer does not know by itself. */
@Injectable()
export class RevocationsAdminService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: RevocationsRepository,
    private readonly revocations: RevocationsService,
    private readonly sessions: SessionEndService,
    private readonly keyRotation: KeyRotationService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * What has not expired, in the order in which the feed sent it, the latest first.
   *
   * @throws PageCursorError
   */
  list(query: PageQuery): Promise<Page<RevokedToken>> {
    return readPage<ListedRevocation, PublicationPosition>(
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
   * Revokes for as long as any token concerned can live. What is known here ends with it: a session
   * gives no new tokens, and a signing key is withdrawn, as else this process would go on to sign
   * with it what nobody accepts.
   */
  async add({ kind, id }: RevocationRequest, by: ByAdmin): Promise<RevokedToken> {
    if (kind === 'kid' && (await this.dataSource.manager.existsBy(SigningKey, { kid: id }))) {
      await this.keyRotation.withdraw(id, by);
    }
    return this.dataSource.transaction(async (manager) => {
      if (kind === 'sid') await this.endSession(manager, id, by);
      await this.revocations.revoke(manager, [this.revocation(kind, id)]);
      await this.audit.record(manager, {
        ...by,
        action: 'revocation.added',
        subject: id,
        detail: { kind },
      });
      return manager.findOneByOrFail(RevokedToken, { kind, id });
    });
  }

  private revocation(kind: Revocation['kind'], id: string): Revocation {
    const now = this.clock.seconds();
    const exp = now + (kind === 'kid' ? WITHDRAWN_SECONDS : LONGEST_LIFE_SECONDS);
    return { kind, id, exp, ...(kind === 'client' && { before: now }) };
  }

  private async endSession(manager: EntityManager, id: string, by: ByAdmin): Promise<void> {
    const isUuid = toUuid(id) !== undefined;
    const session = isUuid && (await manager.findOneBy(Session, { id }));
    if (!session) return;
    const { userId } = session;
    await this.sessions.endSession(manager, { userId, sessionId: id, reason: 'revoked', ...by });
  }
}
