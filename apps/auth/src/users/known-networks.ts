import { networkOf } from '@jwt-auth/chassis';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { AuditRepository } from '../audit/audit.repository.js';
import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { exportedOf, inBatches } from '../exported-rows.js';
import { MailContents, type MailContent } from '../mail/mail-contents.js';
import { MailOutbox } from '../mail/mail-outbox.js';
import type { OutgoingMail } from '../mail/outgoing-mail.entity.js';
import { newLoginMailLimits } from './attempt-limits.js';
import { KnownNetworksRepository } from './known-networks.repository.js';
import { AttemptLimiter } from './attempt-limiter.js';
import { UserChanges, type UserChange } from './user-changes.js';
import { NETWORK_EXPORT, type KnownNetwork, type User } from './user.entity.js';

/** Remembers from which networks users log in, and notifies them of new ones by mail. */
@Injectable()
export class KnownNetworks implements OnModuleInit {
  private readonly logger = new Logger(KnownNetworks.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly networks: KnownNetworksRepository,
    private readonly limits: AttemptLimiter,
    private readonly audit: AuditRepository,
    private readonly mail: MailOutbox,
    private readonly contents: MailContents,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.contents.on('new-login', (mail) => this.unlessTooMany(mail));
  }

  /**
   * Call it when a login is complete. A user's very first login causes no mail.
   *
   * @param user as it was when the password was checked: if that was replaced since, nothing is remembered,
   *   as a thief who knew the former password would have a known network (threat:password-guessing)
   */
  async remember(user: User, origin: Origin): Promise<void> {
    const network = networkOf(origin.address);
    const isNews = await this.isNews(user.id, network);
    const now = this.clock.now();
    await this.dataSource.transaction(async (manager) => {
      const isNew = await this.networks.remember(manager, user, network, now);
      if (!isNews || !isNew) return;
      await this.mail.addNotice(manager, user, 'new-login', origin);
    });
  }

  /** The same once a session has started: an error is logged, as its tokens would be lost with it. */
  async rememberStarted(user: User, origin: Origin): Promise<void> {
    await this.remember(user, origin).catch((error: unknown) =>
      this.logger.warn('The network of a login could not be remembered', error),
    );
  }

  /** Those of a user, as an export of the account has them. */
  async *exportedOf(userId: string): AsyncGenerator<object> {
    const networks = inBatches<KnownNetwork>((after, count) =>
      this.networks.list(userId, { after: after?.network, count }),
    );
    for await (const network of networks) yield exportedOf(network, NETWORK_EXPORT);
  }

  private async isNews(userId: string, network: string): Promise<boolean> {
    if (!this.config.mailServer || (await this.networks.has(userId, network))) return false;
    // Not whether there are other known networks: those are forgotten after half a year without a login.
    return this.audit.has(userId, 'session.started');
  }

  /** Counts a mail when it is sent for the first time: no mail that is never sent, and none twice. */
  private async unlessTooMany({ userId, attempts }: OutgoingMail) {
    const limits = newLoginMailLimits(userId ?? 'nobody');
    const isAllowed = attempts > 1 || (await this.limits.allows(limits));
    return isAllowed ? ({ template: 'new-login' } satisfies MailContent) : undefined;
  }
}

/**
 * Forgets the networks of a user who gets another password: at a known network a thief could guess at it
 * without an end (threat:password-guessing). Only the one from which users replace their own stays known, also
 * by the link in a mail: it was theirs before, and they have proved the mailbox.
 */
@Injectable()
export class NetworkUserChanges implements OnModuleInit {
  constructor(
    private readonly changes: UserChanges,
    private readonly networks: KnownNetworksRepository,
  ) {}

  onModuleInit(): void {
    this.changes.listen((manager, change) => this.follow(manager, change));
  }

  private async follow(
    manager: EntityManager,
    { changed, userId, actor, origin }: UserChange,
  ): Promise<void> {
    if (changed !== 'password') return;
    const isOwn = actor === userId && origin !== undefined;
    await this.networks.removeAll(manager, userId, isOwn ? networkOf(origin.address) : undefined);
  }
}
