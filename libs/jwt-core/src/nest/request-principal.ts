import type { Principal } from '../verifier/claims.js';

/** A request whose token was verified. */
export interface AuthenticatedRequest {
  principal?: Principal;
}

/** Makes the verified caller known to whatever handles the request after the guard. */
export function attachPrincipal(request: object, principal: Principal): void {
  (request as AuthenticatedRequest).principal = principal;
}

/** The verified caller. `undefined` on a public route. */
export function principalOf(request: object): Principal | undefined {
  return (request as AuthenticatedRequest).principal;
}
