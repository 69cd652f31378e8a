import type { Principal } from '../verifier/claims.js';
import { AccessError } from './access-error.js';
import type { AccessRules } from './access-rules.js';

/**
 * Roles first: who lacks both is not sent to ask for a scope that would not help them.
 *
 * @throws AccessError when `principal` lacks what a route demands.
 */
export function demandAccess(principal: Principal, { scopes, roles }: AccessRules): void {
  if (roles.length > 0 && !roles.some((role) => principal.roles.includes(role))) {
    throw new AccessError('insufficient_role', `none of the roles ${roles.join(', ')}`, scopes);
  }
  for (const scope of scopes) {
    if (!principal.scopes.includes(scope)) {
      throw new AccessError('insufficient_scope', `scope "${scope}" is missing`, scopes);
    }
  }
}
