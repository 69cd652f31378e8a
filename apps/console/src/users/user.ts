/** A user, as administrators see it. */
export interface User {
  readonly id: string;
  readonly email: string;
  readonly roles: readonly string[];
  readonly disabled: boolean;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly createdAt: string;
  /** The user has deleted the account, which is removed then. */
  readonly deleteAt?: string;
}
