import type { ComponentType } from 'preact';

import { AccessPage } from './access/access-page.js';
import { AccountPage } from './account/account-page.js';
import { AuditPage } from './audit/audit-page.js';
import { ClientsPage } from './clients/clients-page.js';
import { FactorsPage } from './factors/factors-page.js';
import { HealthPage } from './health/health-page.js';
import { KeysPage } from './keys/keys-page.js';
import { RevocationsPage } from './revocations/revocations-page.js';
import { SessionsPage } from './sessions/sessions-page.js';
import { TokenPage } from './token/token-page.js';
import { UsersPage } from './users/users-page.js';

interface PageEntry {
  /** @param id what follows the name in the path */
  readonly component: ComponentType<{ readonly id?: string | undefined }>;
  readonly isForAdmins?: boolean;
}

const forAdmins = (component: PageEntry['component']) => ({ component, isForAdmins: true });

const ENTRIES = {
  token: { component: TokenPage },
  account: { component: AccountPage },
  sessions: { component: SessionsPage },
  factors: { component: FactorsPage },
  users: forAdmins(UsersPage),
  clients: forAdmins(ClientsPage),
  access: forAdmins(AccessPage),
  audit: forAdmins(AuditPage),
  keys: forAdmins(KeysPage),
  revocations: forAdmins(RevocationsPage),
  health: forAdmins(HealthPage),
};

export type PageName = keyof typeof ENTRIES;

/** In the order of the menu. */
export const PAGES: Readonly<Record<PageName, PageEntry>> = ENTRIES;
