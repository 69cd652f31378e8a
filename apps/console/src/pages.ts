import type { ComponentType } from 'preact';

import { SessionsPage } from './sessions/sessions-page.js';
import { TokenPage } from './token/token-page.js';

interface PageEntry {
  /** @param id what follows the name in the path */
  readonly component: ComponentType<{ readonly id?: string | undefined }>;
  readonly isForAdmins?: boolean;
}

/** In the order of the menu. */
export const PAGES = {
  token: { component: TokenPage },
  sessions: { component: SessionsPage },
} satisfies Record<string, PageEntry> as Record<'token' | 'sessions', PageEntry>;

export type PageName = keyof typeof PAGES;
