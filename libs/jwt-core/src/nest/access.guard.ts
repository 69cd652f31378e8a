import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { demandAccess } from '../verifier/access.js';
import { TokenError } from '../verifier/token-error.js';
import { accessRulesOf } from './access-rules.js';
import { carrierOf } from './calls.js';
import { principalOf } from './credentials.js';
import { Refusals } from './refusal.js';

/**
 * Enforces `@RequireScopes()` and `@RequireRoles()` behind `AuthGuard('jwt')`, which ignores
 * them: `@UseGuards(AuthGuard('jwt'), AccessGuard)`. Not needed with `JwtGuard`.
 *
 * @throws UnauthorizedException `token_missing` if no guard before it authenticated the caller
 * @throws ForbiddenException with the AccessError as `cause`
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(private readonly refusals: Refusals = new Refusals()) {}

  canActivate(context: ExecutionContext): boolean {
    const carrier = carrierOf(context);
    const rules = accessRulesOf(context.getClass(), context.getHandler());
    if (rules.isPublic) return true;
    try {
      const principal = principalOf(carrier);
      if (!principal && rules.isOptional) return true;
      if (!principal) throw new TokenError('token_missing', 'no guard authenticated the caller');
      demandAccess(principal, rules);
    } catch (error) {
      throw this.refusals.of(error, context);
    }
    return true;
  }
}
