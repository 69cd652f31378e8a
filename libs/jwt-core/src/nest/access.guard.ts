import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { TokenError } from '../verifier/token-error.js';
import { accessRulesOf } from './access-rules.js';
import { demandAccess } from './access-rules.js';
import { httpRequestOf } from './http-request.js';
import { principalOf } from './http-request.js';

/**
 * Enforces `@RequireScopes()` and `@RequireRoles()` behind `AuthGuard('jwt')`, which ignores
 * them: `@UseGuards(AuthGuard('jwt'), AccessGuard)`. Not needed with `JwtGuard`.
 *
 * @throws TokenError `token_missing` if no guard before it authenticated the caller
 * @throws AccessError
 */
@Injectable()
export class AccessGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = httpRequestOf(context);
    const rules = accessRulesOf(context.getClass(), context.getHandler());
    if (rules.isPublic) return true;
    const principal = principalOf(request);
    if (!principal) throw new TokenError('token_missing', 'no guard authenticated the caller');
    demandAccess(principal, rules);
    return true;
  }
}
