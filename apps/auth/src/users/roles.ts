import { splitScope } from '@jwt-auth/jwt-core';
import { z } from 'zod';

export const Role = z.enum(['user', 'admin']);
export type Role = z.infer<typeof Role>;

/** What own-account routes need. Every user has it, and a narrowed token may lack it. */
export const ACCOUNT_SCOPE = 'account';

const SCOPES: Readonly<Record<Role, readonly string[]>> = {
  user: ['orders:read', 'orders:write'],
  admin: ['admin'],
};

/** Every scope that a user can have. */
export const ALL_SCOPES: readonly string[] = [...Object.values(SCOPES).flat(), ACCOUNT_SCOPE];

/**
 * The scopes of an access token: those of the roles, and `account`. A request can only narrow them
 * (RFC 6749 section 3.3, as space-separated text): other scopes in it are ignored.
 */
export function grantedScopes(roles: readonly Role[], requested: string | null): string[] {
  const allowed = [...roles.flatMap((role) => SCOPES[role]), ACCOUNT_SCOPE];
  if (requested === null) return allowed;
  const narrowed = new Set(splitScope(requested));
  return allowed.filter((scope) => narrowed.has(scope));
}
