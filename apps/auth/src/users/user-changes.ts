import { Injectable } from '@nestjs/common';

import { Announcements } from '../events/announcements.js';
import type { DoneBy } from '../audit/origin.js';

/** A change to a user that other domains must act on in the same transaction. */
export interface UserChange extends DoneBy {
  /**
   * `access`: what the user's tokens carry, that is roles or claims. `deleted`: the user is about to be
   * removed, and with it all rows that refer to it. `registration`: another registration has replaced the
   * password of an account whose e-mail was never verified.
   */
  readonly changed: 'password' | 'disabled' | 'access' | 'deleted' | 'registration';
  readonly userId: string;
  /** The session in which users change their own password. */
  readonly sessionId?: string;
}

/** Announces changes to users to the domains that import `users/`, as `sessions/session-user-changes.ts` does. */
@Injectable()
export class UserChanges extends Announcements<UserChange> {}
