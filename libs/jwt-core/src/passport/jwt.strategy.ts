import { Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import passport from 'passport';
import { AccessTokenVerifier } from '../verifier/access-token-verifier.js';
import type { Principal } from '../verifier/claims.js';
import { attachPrincipal, Credentials, type HttpRequest } from '../nest/credentials.js';
import { passportClasses } from '../nest/passport-classes.js';
import { type HttpResponse, Refusals } from '../nest/refusal.js';
import { noteAdmission, TokenEnds } from '../nest/token-ends.js';

/**
 * The passport strategy `jwt` over the same verifier, for code that says `AuthGuard('jwt')`: list
 * it among a module's `providers`. The caller is then `request.user` as well as
 * `@CurrentPrincipal()`, and refusals are the exceptions that `JwtGuard` throws. On Fastify their
 * challenge is set by the filter that answers them.
 *
 * `AuthGuard` costs more than `JwtGuard` and reads no decorators: add `AccessGuard` for scopes and
 * roles. Passport has one `jwt` strategy per process: that of the application started last.
 */
@Injectable()
export class JwtStrategy implements passport.Strategy {
  readonly name = 'jwt';

  constructor(
    readonly verifier: AccessTokenVerifier,
    readonly refusals: Refusals = new Refusals(),
    readonly credentials: Credentials = new Credentials(),
    readonly ends: TokenEnds = new TokenEnds(verifier, credentials),
  ) {
    passport.use(this);
  }

  /** Called by passport, which adds `success` and `error` to `this`. */
  async authenticate(
    this: passport.StrategyCreated<JwtStrategy>,
    request: HttpRequest,
  ): Promise<void> {
    let principal: Principal;
    try {
      const token = this.credentials.tokenOf(request, this.verifier.verdicts);
      principal = await this.verifier.verify(token);
    } catch (refusal) {
      const { res } = request as { res?: HttpResponse };
      return this.error(this.refusals.ofStrategy(refusal, res));
    }
    attachPrincipal(request, principal);
    // There is no call to note: passport gives a strategy the request alone.
    noteAdmission(request, undefined, this.ends);
    this.success(principal);
  }
}

// When this file is imported, the start check learns of these classes. It cannot import them
// itself, as passport is an optional package.
passportClasses.authGuard = AuthGuard('jwt');
passportClasses.strategy = JwtStrategy;
