import { Injectable } from '@nestjs/common';

import { Announcements } from '../events/announcements.js';

/**
 * The ids of users of whom a session ended that may have been a thief's: each end but plain logouts and
 * those beyond `SESSIONS_PER_USER`. Until the transaction that ends it commits, no other one gets
 * `UsersRepository.lock`: it holds that lock itself, or, for a reuse, the shared lock of the refresh.
 * `accounts/account-user-changes.ts` listens.
 */
@Injectable()
export class PossibleThefts extends Announcements<string> {}
