import { z } from 'zod';

export const Role = z.enum(['user', 'admin']);
export type Role = z.infer<typeof Role>;

const SCOPES: Readonly<Record<Role, readonly string[]>> = {
  user: ['orders:read', 'orders:write'],
  admin: ['admin'],
};

/** Every scope that some role has. */
export const ALL_SCOPES: readonly string[] = Object.values(SCOPES).flat();

/**
 * The scopes of an access token: those of the roles, of which a request can only take some (RFC
 * 6749 section 3.3, as space-separated text). What it asks beyond is passed over.
 */
export function grantedScopes(roles: readonly Role[], requested: string | null): string[] {
  const allowed = roles.flatMap((role) => SCOPES[role]);
  if (requested === null) return allowed;
  const wanted = new Set(requested.split(' '));
  return allowed.filter((scope) => wanted.has(scope));
}
