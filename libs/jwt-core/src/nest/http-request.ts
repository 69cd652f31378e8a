import { bearerToken, type NodeRequest } from '../http/bearer-token.js';
import type { Principal } from '../verifier/claims.js';
import type { VerdictCounts } from '../verifier/verdict-counts.js';

/** Node's request, which Express extends, or Fastify's, which keeps node's under `raw`. */
export type HttpRequest = NodeRequest | { readonly raw: NodeRequest };

/** A request whose token was verified. */
export interface AuthenticatedRequest {
  principal?: Principal;
}

/** Makes the verified caller known to everything that handles the request after the guard. */
export function attachPrincipal(request: object, principal: Principal): void {
  (request as AuthenticatedRequest).principal = principal;
}

/** The verified caller. `undefined` on a public route. */
export function principalOf(request: object): Principal | undefined {
  return (request as AuthenticatedRequest).principal;
}

/**
 * `bearerToken`, with a refusal counted among the verdicts of the verifier, which never sees it.
 *
 * @throws TokenError see `bearerToken`
 */
export function countedBearerToken(request: HttpRequest, verdicts: VerdictCounts): string {
  try {
    return bearerToken('raw' in request ? request.raw : request);
  } catch (error) {
    verdicts.noteRefusal(error);
    throw error;
  }
}
