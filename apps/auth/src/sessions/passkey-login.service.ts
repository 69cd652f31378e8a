import { Injectable } from '@nestjs/common';

import type { Origin } from '../audit/origin.js';
import type { PasskeyAssertion } from '../factors/passkey.schema.js';
import { CHALLENGE, PasskeysService, wrongPasskey } from '../factors/passkeys.service.js';
import type { TokenRequest } from '../tokens/token-request.schema.js';
import { TokenIssuer } from '../tokens/token-issuer.js';
import { CredentialsService } from '../users/credentials.service.js';
import { KnownNetworks } from '../users/known-networks.js';
import { UsersRepository } from '../users/users.repository.js';
import { SessionStartService } from './session-start.service.js';
import type { SessionTokens } from './sessions.schema.js';

/** Logins with a passkey alone: it is something that the user has, and it has verified the user. */
@Injectable()
export class PasskeyLoginService {
  constructor(
    private readonly issuer: TokenIssuer,
    private readonly passkeys: PasskeysService,
    private readonly credentials: CredentialsService,
    private readonly users: UsersRepository,
    private readonly networks: KnownNetworks,
    private readonly sessionStart: SessionStartService,
  ) {}

  /**
   * An unknown passkey and that of a user who may not log in get the same answer.
   *
   * @throws FactorsError `wrong_passkey`; AccessModelError `invalid_target`
   */
  async login(
    passkey: PasskeyAssertion,
    request: TokenRequest,
    origin: Origin,
  ): Promise<SessionTokens> {
    const ownerId = await this.passkeys.ownerOf(passkey);
    const { user, tokens } = await this.issuer.transaction(async (manager) => {
      // The user first, as everywhere.
      const user = await this.users.lockAtLogin(manager, ownerId);
      if (!user || !this.credentials.mayLogIn(user)) throw wrongPasskey();
      const expected = { boundTo: CHALLENGE.login(), userId: null };
      const amr = await this.passkeys.use(manager, ownerId, passkey, expected);
      const started = await this.sessionStart.startIn(manager, user, request, origin, amr);
      return { user, tokens: started };
    });
    await this.networks.rememberStarted(user, origin);
    return tokens;
  }
}
