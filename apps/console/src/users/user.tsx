import { texts } from '../texts.js';
import { Badge } from '../ui/controls.js';

/** A user, as administrators see it. */
export interface User {
  readonly id: string;
  readonly email: string;
  readonly roles: readonly string[];
  readonly disabled: boolean;
  readonly emailVerified: boolean;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly createdAt: string;
  /** The user has deleted the account, which is removed then. */
  readonly deleteAt?: string;
}

/** What is special about a user, in badges. */
export function Standing({ user }: { readonly user: User }) {
  return (
    <>
      {user.deleteAt ? (
        <Badge tone="warning">{texts.users.deleted}</Badge>
      ) : (
        user.disabled && <Badge tone="bad">{texts.disabled}</Badge>
      )}{' '}
      {user.emailVerified === false && <Badge tone="warning">{texts.unverified}</Badge>}
    </>
  );
}
