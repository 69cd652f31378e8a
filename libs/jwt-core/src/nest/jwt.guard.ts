import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { RevocationList } from '../revocation/revocation-list.js';
import { AccessTokenVerifier } from '../verifier/access-token-verifier.js';
import { demandAccess } from '../verifier/access.js';
import type { Principal } from '../verifier/claims.js';
import { accessRulesOf, type AccessRules } from './access-rules.js';
import { carrierOf, requestOf } from './calls.js';
import { attachPrincipal, Credentials } from './credentials.js';
import { Refusals } from './refusal.js';
import { noteAdmission, TokenEnds } from './token-ends.js';
import { isPromise } from '../verifier/is-promise.js';

/**
 * Accepts requests with a valid access token (RFC 6750) whose caller has what the route's
 * decorators demand. The caller is then `request.principal` and `@CurrentPrincipal()`.
 *
 * Synchronous, unless it needs a key or claims from the issuer: a request with a known token waits
 * for nothing.
 *
 * Over GraphQL the principal is on the request or the socket, in a gateway on the client, for a
 * message on its context, and refusals have the form of the transport.
 *
 * @throws UnauthorizedException, ForbiddenException, ServiceUnavailableException with the
 *   TokenError or AccessError as `cause`
 * @throws GraphQLError, WsException, RpcException in a resolver, a gateway, a message handler
 * @throws Error in any other context
 */
@Injectable()
export class JwtGuard implements CanActivate {
  constructor(
    private readonly verifier: AccessTokenVerifier,
    private readonly revocations: RevocationList,
    private readonly refusals: Refusals = new Refusals(),
    private readonly credentials: Credentials = new Credentials(),
    private readonly ends: TokenEnds = new TokenEnds(verifier, credentials),
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    try {
      const judged = this.judge(context);
      if (typeof judged === 'boolean') return judged;
      return judged.catch((error: unknown) => {
        throw this.refusals.of(error, context);
      });
    } catch (error) {
      throw this.refusals.of(error, context);
    }
  }

  private judge(context: ExecutionContext): boolean | Promise<boolean> {
    const carrier = carrierOf(context);
    const rules = accessRulesOf(context.getClass(), context.getHandler());
    if (rules.isPublic) return true;
    const { maxStalenessMs } = this.revocations;
    const staleness = rules.acceptsStale ? Infinity : Math.min(rules.freshnessMs, maxStalenessMs);
    const { verdicts } = this.verifier;
    const request = requestOf(context, carrier);
    const token = rules.isOptional
      ? this.credentials.optionalTokenOf(request, verdicts)
      : this.credentials.tokenOf(request, verdicts);
    if (token === undefined) return true;
    const verified = this.verifier.verify(token, staleness);
    return isPromise(verified)
      ? verified.then((principal) => this.admit(context, carrier, principal, rules))
      : this.admit(context, carrier, verified, rules);
  }

  private admit(
    context: ExecutionContext,
    carrier: object,
    principal: Principal,
    rules: AccessRules,
  ): true {
    demandAccess(principal, rules);
    attachPrincipal(carrier, principal);
    noteAdmission(carrier, context, this.ends);
    return true;
  }
}
