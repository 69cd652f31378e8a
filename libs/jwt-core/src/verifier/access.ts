import { MAX_CLOCK_TOLERANCE_SECONDS } from '../revocation/revocation-list.js';
import type { Principal } from './claims.js';

/** What an authenticated caller lacks for a route. */
export type AccessErrorCode =
  | 'insufficient_scope'
  | 'insufficient_role'
  | 'insufficient_user_authentication';

/** How a user must have been authenticated (RFC 9470). */
export interface AuthenticationDemands {
  /** The login, or the last step-up, is no older. */
  readonly maxAgeSeconds?: number | undefined;
  /** `acr` is one of these. */
  readonly acrValues?: readonly string[] | undefined;
}

/**
 * Why an authenticated caller is refused: RFC 6750 section 3.1 (`insufficient_scope`), or RFC 9470,
 * after which a login or a step-up gives a token that is enough.
 */
export class AccessError extends Error {
  override readonly name = 'AccessError';
  /** What the route demands, with `insufficient_user_authentication`. */
  readonly authentication: AuthenticationDemands | undefined;

  constructor(
    readonly code: AccessErrorCode,
    message: string,
    /** All scopes that the route demands. */
    readonly requiredScopes: readonly string[],
    options?: ErrorOptions & { readonly authentication?: AuthenticationDemands },
  ) {
    super(message, options);
    this.authentication = options?.authentication;
  }
}

/** What a principal must have. */
export interface AccessDemands extends AuthenticationDemands {
  /** All of these. */
  readonly scopes?: readonly string[];
  /** One of these, unless there are none. */
  readonly roles?: readonly string[];
}

const NONE: readonly string[] = [];

/** @throws AccessError `insufficient_user_authentication`: also if the token does not say */
function demandAuthentication(principal: Principal, demands: AccessDemands): void {
  const { maxAgeSeconds, acrValues, scopes = NONE } = demands;
  const ageSeconds = Date.now() / 1000 - (principal.authTime ?? -Infinity);
  const isRecent =
    maxAgeSeconds === undefined ||
    // Later than any clock is off: the issuer means milliseconds, or something else.
    (ageSeconds <= maxAgeSeconds && ageSeconds >= -MAX_CLOCK_TOLERANCE_SECONDS);
  if (isRecent && (!acrValues || acrValues.some((acr) => acr === principal.acr))) return;
  throw new AccessError(
    'insufficient_user_authentication',
    isRecent
      ? `acr is not ${acrValues?.join(' or ')}`
      : `the login is older than ${maxAgeSeconds} s`,
    scopes,
    { authentication: demands },
  );
}

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
  // Last: a login would not help those who lack a role.
  if (demands.maxAgeSeconds !== undefined || demands.acrValues) {
    demandAuthentication(principal, demands);
  }
}
