import type { Principal } from './claims.js';

/** What an authenticated caller lacks for a route. */
export type AccessErrorCode = 'insufficient_scope' | 'insufficient_role';

/** Why an authenticated caller is refused (RFC 6750 section 3.1, `insufficient_scope`). */
export class AccessError extends Error {
  override readonly name = 'AccessError';

  constructor(
    readonly code: AccessErrorCode,
    message: string,
    /** All scopes that the route demands. */
    readonly requiredScopes: readonly string[],
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What a principal must have. */
export interface AccessDemands {
  /** All of these. */
  readonly scopes?: readonly string[];
  /** One of these, unless there are none. */
  readonly roles?: readonly string[];
}

const NONE: readonly string[] = [];

/**
 * Roles first: a caller who lacks both must not request a scope that would not help.
 *
 * @throws AccessError if `principal` lacks what is demanded
 */
export function demandAccess(principal: Principal, demands: AccessDemands): void {
  const { scopes = NONE, roles = NONE } = demands;
  if (roles.length > 0 && !roles.some((role) => principal.roles.includes(role))) {
    throw new AccessError('insufficient_role', `none of the roles ${roles.join(', ')}`, scopes);
  }
  for (const scope of scopes) {
    if (!principal.scopes.includes(scope)) {
      throw new AccessError('insufficient_scope', `scope "${scope}" is missing`, scopes);
    }
  }
}
