import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';

import type { AuditEvent } from '../audit/audit-event.entity.js';
import { AuditRepository } from '../audit/audit.repository.js';
import { KnownNetworksRepository } from '../users/known-networks.repository.js';
import type { KnownNetwork, User } from '../users/user.entity.js';
import { exportedOf, inBatches, UserExports, type ExportedColumns } from '../users/user-exports.js';
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

/** Of an account: the user, the networks it knows, links that were mailed, and its audit events. */
@Injectable()
export class AccountExports implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly exports: UserExports,
    private readonly networks: KnownNetworksRepository,
    private readonly links: AccountLinksRepository,
    private readonly audit: AuditRepository,
  ) {}

  onModuleInit(): void {
    this.exports.add('account', (user) => exportedOf(user, ACCOUNT));
    this.exports.add('networks', ({ id }) => this.networksOf(id));
    this.exports.add('links', async ({ id }) => this.linksOf(id));
    this.exports.add('events', ({ id }) => this.eventsOf(id));
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
      this.audit.of(userId, { after: after?.id, count }),
    );
    const byOthers = inBatches<AuditEvent>((after, count) =>
      this.audit.about(userId, { after: after?.id, count }),
    );
    for (const events of [own, byOthers]) {
      for await (const event of events) yield eventOf(event, userId);
    }
  }
}

/** Of events that someone else caused, who that was and from where is not this user's data. */
function eventOf(event: AuditEvent, userId: string): object {
  const { address, ...shared } = exportedOf(event, EVENT);
  if (event.actor === userId) return { ...shared, by: 'user', address };
  return { ...shared, by: event.actor === null ? 'unknown' : 'other' };
}
