import { Injectable } from '@nestjs/common';

import { Announcements } from '../events/announcements.js';

/**
 * Announces users whose session ended and may have belonged to a thief: any end except `logout` and
 * `too_many`. Until the transaction that ends it commits, no other one gets `UsersRepository.lock`:
 * it holds that lock itself, or, for a reuse, the shared lock of the refresh.
 * `accounts/account-user-changes.ts` listens.
 */
@Injectable()
export class PossibleThefts extends Announcements<string> {}
