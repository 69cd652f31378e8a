import { Injectable } from '@nestjs/common';

import { Announcements } from '../events/announcements.js';
import type { FactorMethod } from './factor.entity.js';

/** A user has added a factor, which takes a proof of it: the session has proved it by these methods. */
export interface AddedBy {
  readonly userId: string;
  readonly sessionId: string;
  readonly methods: readonly FactorMethod[];
}

export type FactorChange =
  | ({ readonly changed: 'added' } & AddedBy)
  /** None is left. */
  | { readonly changed: 'all-removed'; readonly userId: string };

/**
 * New factors, and the loss of all: the transaction that adds or removes them has locked the user.
 * `sessions/session-user-changes.ts` listens.
 */
@Injectable()
export class FactorChanges extends Announcements<FactorChange> {}
