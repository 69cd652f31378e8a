import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';

import type { AuditEvent } from '../audit/audit-event.entity.js';
import { AuditRepository } from '../audit/audit.repository.js';
import { KnownNetworksRepository } from '../users/known-networks.repository.js';
import { KnownNetwork, type User } from '../users/user.entity.js';
import { inBatches, UserExports } from '../users/user-exports.js';
import { AccountLinksRepository } from './account-links.repository.js';

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
    this.exports.add('account', account);
    this.exports.add('networks', ({ id }) =>
      inBatches<KnownNetwork>((after, count) =>
        this.networks.list(id, { after: after?.network, count }),
      ),
    );
    this.exports.add('links', async ({ id }) => this.linksOf(id));
    this.exports.add('events', ({ id }) => this.eventsOf(id));
  }

  /** Without the hash, by which a link is found. */
  private async linksOf(userId: string): Promise<object[]> {
    const links = await this.links.list(this.dataSource.manager, userId);
    return links.map(({ purpose, email, expiresAt }) => ({ purpose, email, expiresAt }));
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

/** All but the password's hash, which only helps to guess the password. */
function account(user: User): object {
  const { id, email, roles, claims, registration } = user;
  const { createdAt, emailVerifiedAt, passwordChangedAt } = user;
  return { id, email, emailVerifiedAt, roles, claims, registration, createdAt, passwordChangedAt };
}

/** Who else acted, and from where, is data of theirs. */
function eventOf({ at, action, actor, subject, address, detail }: AuditEvent, userId: string) {
  if (actor === userId) return { at, action, by: 'user', subject, address, detail };
  return { at, action, by: actor === null ? 'unknown' : 'other', subject, detail };
}
