import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { secondFactorMissing } from '../factors/demand-factor.js';
import { FactorsError } from '../factors/factors.errors.js';
import { proofsIn } from '../factors/factors.schema.js';
import type { PasskeyOptions } from '../factors/passkey.schema.js';
import { CHALLENGE, PasskeysService } from '../factors/passkeys.service.js';
import { SecondFactors } from '../factors/second-factors.js';
import { demandStillValid, revokedMeanwhile } from '../revocations/still-valid.js';
import { TokenIssuer } from '../tokens/token-issuer.js';
import { CredentialsService } from '../users/credentials.service.js';
import type { SessionUser } from '../users/current-user.decorator.js';
import { demandCaller, lockCaller } from '../users/lock-caller.js';
import type { User } from '../users/user.entity.js';
import { UsersRepository } from '../users/users.repository.js';
import { RefreshTokensRepository } from './refresh-tokens.repository.js';
import { authenticationOf, BY_PASSWORD } from './session.entity.js';
import { credentialsChanged } from './sessions.errors.js';
import { SessionsRepository } from './sessions.repository.js';
import type { StepUpRequest, StepUpResponse } from './step-up.schema.js';
import { TokenPairs } from './token-pairs.js';

/** Authenticates the user of a session anew (RFC 9470 section 5). */
@Injectable()
export class StepUpService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly issuer: TokenIssuer,
    private readonly credentials: CredentialsService,
    private readonly factors: SecondFactors,
    private readonly passkeys: PasskeysService,
    private readonly users: UsersRepository,
    private readonly sessions: SessionsRepository,
    private readonly refreshTokens: RefreshTokensRepository,
    private readonly tokenPairs: TokenPairs,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * Checks what the user proves, under the limits of a login. From then on the session counts as a recent
   * login, and so do the tokens of its refreshes. A user who has a second factor must prove it: the
   * session may say `mfa`, which a password alone must not renew.
   *
   * @returns a further access token of the session. The tokens before stay as they are
   * @throws UsersError `invalid_credentials`, `too_many_attempts`; FactorsError `wrong_code`,
   *   `wrong_passkey`; AccessError `insufficient_user_authentication` without the second factor; TokenError
   *   `token_revoked`; SessionsError `scope_exceeded`, `credentials_changed`; AccessModelError
   *   `invalid_target`
   */
  async stepUp(
    caller: SessionUser,
    request: StepUpRequest,
    origin: Origin,
  ): Promise<StepUpResponse> {
    const known = await demandCaller(this.users, caller);
    const { password } = request;
    const hasProof = proofsIn(request) > 0;
    if (known.hasSecondFactor && !hasProof) throw secondFactorMissing();
    const checked =
      password === undefined
        ? known
        : await this.credentials.authenticate(known.email, password, origin);
    // The e-mail has become that of another account meanwhile.
    if (checked.id !== caller.userId) throw credentialsChanged();
    const raise = () => this.raise(caller, checked, request, origin);
    return hasProof ? this.factors.limited(known.id, origin, raise) : raise();
  }

  /**
   * What a browser needs to step up with a passkey.
   *
   * @throws FactorsError `no_factor` if the user has none
   */
  async passkeyOptions(caller: SessionUser): Promise<PasskeyOptions> {
    const { userId, sessionId } = caller;
    const boundTo = CHALLENGE.stepUp(sessionId);
    const options = await this.dataSource.transaction(async (manager) => {
      await lockCaller(this.users, manager, caller);
      return this.passkeys.requestOptions(manager, { boundTo, userId });
    });
    if (options) return options;
    throw new FactorsError('no_factor', 'There is no passkey');
  }

  /** @param checked the user as it was when the password was checked, or is without one */
  private raise(
    { userId, sessionId, principal }: SessionUser,
    checked: User,
    request: StepUpRequest,
    origin: Origin,
  ): Promise<StepUpResponse> {
    const byPassword = request.password === undefined ? [] : BY_PASSWORD;
    return this.issuer.transaction(async (manager) => {
      const user = await this.users.lockUnchanged(manager, checked);
      if (!user) throw credentialsChanged();
      await demandStillValid(manager, principal);
      const session = await this.sessions.lockOpen(manager, sessionId, userId);
      const now = await this.clock.database(manager);
      if (!session || session.expiresAt <= now) throw revokedMeanwhile();
      const boundTo = CHALLENGE.stepUp(sessionId);
      const byFactor =
        proofsIn(request) > 0
          ? await this.factors.use(manager, userId, request, boundTo, origin)
          : [];
      const authentication = {
        authenticatedAt: now,
        // What the login proved stays true of the session.
        amr: [...new Set([...authenticationOf(session).amr, ...byPassword, ...byFactor])],
      };
      await this.sessions.authenticate(manager, session, authentication);
      const { response, record } = await this.tokenPairs.mint(manager, {
        user,
        session: { ...session, ...authentication },
        request,
        predecessor: null,
        now,
      });
      // The access token is kept like all others, so that it dies with its session, beside a refresh
      // token that was used up before anyone had it.
      const expiresAt = record.accessTokenExpiresAt;
      await this.refreshTokens.insert(manager, { ...record, replacedAt: now, expiresAt });
      await this.audit.record(manager, {
        action: 'session.stepped_up',
        actor: userId,
        subject: sessionId,
        origin,
        detail: { amr: authentication.amr },
      });
      const { access_token, token_type, expires_in, scope, access_token_claims } = response;
      return { access_token, token_type, expires_in, scope, access_token_claims };
    });
  }
}
