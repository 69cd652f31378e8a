import { texts } from '../texts.js';
import { Badge } from '../ui/controls.js';

/** A user, as administrators see it. */
export interface User {
  readonly id: string;
  readonly email: string;
  readonly roles: readonly string[];
  readonly disabled: boolean;
  /** Absent while auth is a release that does not say so. */
  readonly emailVerified?: boolean;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly createdAt: string;
  /** The user has deleted the account, which is removed then. */
  readonly deleteAt?: string;
}

/** Why a user cannot log in. */
export function Standing({ user: { disabled, deleteAt } }: { readonly user: User }) {
  if (deleteAt) return <Badge tone="warning">{texts.users.deleted}</Badge>;
  return disabled ? <Badge tone="bad">{texts.disabled}</Badge> : null;
}
