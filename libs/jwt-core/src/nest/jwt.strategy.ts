import { Injectable } from '@nestjs/common';
import passport from 'passport';
import { AccessTokenVerifier } from '../verifier/access-token-verifier.js';
import type { Principal } from '../verifier/claims.js';
import type { HttpRequest } from './http-request.js';
import { countedBearerToken } from './http-request.js';
import { attachPrincipal } from './http-request.js';

/**
 * The passport strategy `jwt` over the same verifier, for code that says `AuthGuard('jwt')`: list
 * it among a module's `providers`. The caller is then `request.user` as well as
 * `@CurrentPrincipal()`, and refusals are the TokenErrors that `JwtGuard` throws.
 *
 * `AuthGuard` costs more than `JwtGuard` and reads no decorators: add `AccessGuard` for scopes and
 * roles. Passport has one `jwt` strategy per process: that of the application started last.
 */
@Injectable()
export class JwtStrategy implements passport.Strategy {
  readonly name = 'jwt';

  constructor(readonly verifier: AccessTokenVerifier) {
    passport.use(this);
  }

  /** Called by passport, which adds `success` and `error` to `this`. */
  async authenticate(
    this: passport.StrategyCreated<JwtStrategy>,
    request: HttpRequest,
  ): Promise<void> {
    let principal: Principal;
    try {
      const token = countedBearerToken(request, this.verifier.verdicts);
      principal = await this.verifier.verify(token);
    } catch (refusal) {
      return this.error(refusal);
    }
    attachPrincipal(request, principal);
    this.success(principal);
  }
}
