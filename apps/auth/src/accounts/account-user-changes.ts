import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { MailOutbox } from '../mail/mail-outbox.js';
import { PossibleThefts } from '../sessions/possible-thefts.js';
import { UserChanges, type UserChange } from '../users/user-changes.js';
import { AccountLinks } from './account-links.js';

/** Ends links when their user changes or is logged out, in the transaction that does so. */
@Injectable()
export class AccountUserChanges implements OnModuleInit {
  constructor(
    private readonly userChanges: UserChanges,
    private readonly possibleThefts: PossibleThefts,
    private readonly links: AccountLinks,
    private readonly mail: MailOutbox,
  ) {}

  onModuleInit(): void {
    this.userChanges.listen((manager, change) => this.follow(manager, change));
    this.possibleThefts.listen((manager, userId) => this.withdrawChange(manager, userId));
  }

  private async follow(manager: EntityManager, { changed, userId }: UserChange): Promise<void> {
    if (changed === 'password') await this.links.end(manager, userId, 'reset-password');
    // It was sent for the password that was replaced, and would verify the other one.
    if (changed === 'registration') await this.links.end(manager, userId, 'verify-email');
    if (changed === 'disabled') await this.links.end(manager, userId);
  }

  /**
   * Left-over links (threat:left-over-links): a thief who is logged out may have asked for a change of
   * the e-mail, whose link would give the account away. Its mail may still wait, and would make a new one.
   */
  private async withdrawChange(manager: EntityManager, userId: string): Promise<void> {
    await this.mail.remove(manager, userId, 'confirm-email');
    await this.links.end(manager, userId, 'confirm-email');
  }
}
