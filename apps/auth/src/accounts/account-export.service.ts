import { Readable } from 'node:stream';

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import type { AuditEvent } from '../audit/audit-event.entity.js';
import { AuditRepository } from '../audit/audit.repository.js';
import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import type { Factor } from '../factors/factor.entity.js';
import { FactorsRepository } from '../factors/factors.repository.js';
import { authenticationOf, type Session } from '../sessions/session.entity.js';
import { SessionsRepository } from '../sessions/sessions.repository.js';
import { exportLimits } from '../users/attempt-limits.js';
import { AttemptLimiter } from '../users/attempt-limiter.js';
import type { SessionUser } from '../users/current-user.decorator.js';
import { KnownNetworksRepository } from '../users/known-networks.repository.js';
import { lockCaller } from '../users/lock-caller.js';
import type { KnownNetwork, User } from '../users/user.entity.js';
import { UsersRepository } from '../users/users.repository.js';
import {
  exportedOf,
  exportText,
  inBatches,
  type ExportedColumns,
  type ExportedMembers,
} from './account-export.js';
import type { AccountLink } from './account-link.entity.js';
import { AccountLinksRepository } from './account-links.repository.js';

const ACCOUNT = {
  id: true,
  email: true,
  emailKey: 'not: the e-mail again',
  emailVerifiedAt: true,
  passwordHash: 'not: only helps to guess the password',
  passwordChangedAt: true,
  roles: true,
  claims: true,
  registration: true,
  createdAt: true,
  isDisabled: 'not: a disabled user cannot export',
  deleteAt: 'not: a user who is being deleted cannot export',
  hasSecondFactor: 'not: the export has the factors',
} as const satisfies ExportedColumns<User>;

const NETWORK = {
  userId: true,
  network: true,
  lastLoginAt: true,
} as const satisfies ExportedColumns<KnownNetwork>;

const LINK = {
  userId: 'not: of the account',
  purpose: true,
  hash: 'not: finds the link',
  email: true,
  expiresAt: true,
} as const satisfies ExportedColumns<AccountLink>;

const EVENT = {
  id: 'not: a place in the log of all users',
  at: true,
  action: true,
  actor: 'not: as `by`',
  subject: true,
  address: true,
  requestId: 'not: finds lines of logs, which only operators read',
  detail: true,
} as const satisfies ExportedColumns<AuditEvent>;

const FACTOR = {
  id: true,
  userId: 'not: of the account',
  kind: true,
  name: true,
  createdAt: true,
  lastUsedAt: true,
  secret: 'not: proves the factor',
  lastStep: 'not: only says which codes are used up',
} as const satisfies ExportedColumns<Factor>;

const SESSION = {
  id: true,
  userId: 'not: of the account',
  address: true,
  userAgent: true,
  requestedScope: true,
  audience: true,
  amr: true,
  createdAt: true,
  lastUsedAt: true,
  authenticatedAt: true,
  expiresAt: true,
  endedAt: true,
  endReason: true,
} as const satisfies ExportedColumns<Session>;

/**
 * Gives users a copy of what is kept of them (GDPR articles 15 and 20), without secrets and without what is
 * about someone else.
 */
@Injectable()
export class AccountExportService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly users: UsersRepository,
    private readonly networks: KnownNetworksRepository,
    private readonly links: AccountLinksRepository,
    private readonly factors: FactorsRepository,
    private readonly sessions: SessionsRepository,
    private readonly limits: AttemptLimiter,
    private readonly audit: AuditService,
    private readonly events: AuditRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * The text of a JSON object. If the database fails meanwhile, the stream ends with an error: a part of
   * an export never looks complete.
   *
   * @throws UsersError `too_many_attempts`; TokenError `token_revoked`
   */
  async start(caller: SessionUser, origin: Origin): Promise<Readable> {
    const { userId } = caller;
    await this.limits.begin(exportLimits(userId));
    const user = await this.dataSource.transaction(async (manager) => {
      const locked = await lockCaller(this.users, manager, caller);
      await this.audit.recordOwn(manager, 'user.exported', userId, origin);
      return locked;
    });
    const text = exportText(this.membersOf(user), this.clock.now());
    return Readable.from(text, { objectMode: false });
  }

  private membersOf(user: User): ExportedMembers {
    const { id } = user;
    return {
      account: () => exportedOf(user, ACCOUNT),
      networks: () => this.networksOf(id),
      links: () => this.linksOf(id),
      events: () => this.eventsOf(id),
      factors: () => this.factorsOf(id),
      sessions: () => this.sessionsOf(id),
    };
  }

  private async *networksOf(userId: string): AsyncGenerator<object> {
    const networks = inBatches<KnownNetwork>((after, count) =>
      this.networks.list(userId, { after: after?.network, count }),
    );
    for await (const network of networks) yield exportedOf(network, NETWORK);
  }

  private async linksOf(userId: string): Promise<object[]> {
    const links = await this.links.list(this.dataSource.manager, userId);
    return links.map((link) => exportedOf(link, LINK));
  }

  private async *eventsOf(userId: string): AsyncGenerator<object> {
    const own = inBatches<AuditEvent>((after, count) =>
      this.events.of(userId, { after: after?.id, count }),
    );
    const byOthers = inBatches<AuditEvent>((after, count) =>
      this.events.about(userId, { after: after?.id, count }),
    );
    for (const events of [own, byOthers]) {
      for await (const event of events) yield eventOf(event, userId);
    }
  }

  private async factorsOf(userId: string): Promise<object[]> {
    const factors = await this.factors.list(userId);
    return factors.map((factor) => exportedOf(factor, FACTOR));
  }

  /** Those that are over included. */
  private async *sessionsOf(userId: string): AsyncGenerator<object> {
    const sessions = inBatches<Session>((after, count) =>
      this.sessions.all(this.dataSource.manager, userId, { after: after?.id, count }),
    );
    for await (const session of sessions) {
      yield { ...exportedOf(session, SESSION), ...authenticationOf(session) };
    }
  }
}

/** Of events that someone else caused, who that was and from where is not this user's data. */
function eventOf(event: AuditEvent, userId: string): object {
  const { address, ...shared } = exportedOf(event, EVENT);
  if (event.actor === userId) return { ...shared, by: 'user', address };
  return { ...shared, by: event.actor === null ? 'unknown' : 'other' };
}
