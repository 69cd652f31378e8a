import { Readable } from 'node:stream';

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { exportedOf } from '../exported-rows.js';
import { FactorsService } from '../factors/factors.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { exportLimits } from '../users/attempt-limits.js';
import { AttemptLimiter } from '../users/attempt-limiter.js';
import type { SessionUser } from '../users/current-user.decorator.js';
import { KnownNetworks } from '../users/known-networks.js';
import { lockCaller } from '../users/lock-caller.js';
import { USER_EXPORT, type User } from '../users/user.entity.js';
import { UsersRepository } from '../users/users.repository.js';
import { LINK_EXPORT } from './account-link.entity.js';
import { AccountLinksRepository } from './account-links.repository.js';

/** One object, or many that are read while the export is sent. */
type Content = object | AsyncIterable<object>;

/** Reads the content of each member of an export. */
type ExportedMembers = Readonly<Record<string, () => Content | Promise<Content>>>;

/**
 * Gives users a copy of what is kept of them (GDPR articles 15 and 20), without secrets and without what is
 * about someone else. Which columns that are is decided beside each entity.
 */
@Injectable()
export class AccountExportService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly users: UsersRepository,
    private readonly networks: KnownNetworks,
    private readonly links: AccountLinksRepository,
    private readonly factors: FactorsService,
    private readonly sessions: SessionsService,
    private readonly limits: AttemptLimiter,
    private readonly audit: AuditService,
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
      account: () => exportedOf(user, USER_EXPORT),
      networks: () => this.networks.exportedOf(id),
      links: () => this.linksOf(id),
      events: () => this.audit.exportedOf(id),
      factors: () => this.factors.exportedOf(id),
      sessions: () => this.sessions.exportedOf(id),
    };
  }

  private async linksOf(userId: string): Promise<object[]> {
    const links = await this.links.list(this.dataSource.manager, userId);
    return links.map((link) => exportedOf(link, LINK_EXPORT));
  }
}

/** The text of one JSON object, in parts that need little memory, however much there is. */
async function* exportText(members: ExportedMembers, at: Date): AsyncGenerator<string> {
  yield `{"exportedAt":${JSON.stringify(at)}`;
  for (const [name, read] of Object.entries(members)) {
    yield `,\n${JSON.stringify(name)}:`;
    const content = await read();
    if (Symbol.asyncIterator in content) yield* listText(content);
    else yield JSON.stringify(content);
  }
  yield '}\n';
}

async function* listText(rows: AsyncIterable<object>): AsyncGenerator<string> {
  let separator = '[\n';
  for await (const row of rows) {
    yield separator + JSON.stringify(row);
    separator = ',\n';
  }
  yield separator === '[\n' ? '[]' : '\n]';
}
