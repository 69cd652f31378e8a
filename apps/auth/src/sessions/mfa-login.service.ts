import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import type { FactorProof } from '../factors/factors.schema.js';
import { CHALLENGE, PasskeysService } from '../factors/passkeys.service.js';
import { isWrongProof, SecondFactors } from '../factors/second-factors.js';
import { hashSecret, newSecret } from '../crypto/secret.js';
import { TokenIssuer } from '../tokens/token-issuer.js';
import type { User } from '../users/user.entity.js';
import { KnownNetworks } from '../users/known-networks.js';
import { UsersRepository } from '../users/users.repository.js';
import type { LoginTicket } from './login-ticket.entity.js';
import { GUESSES_PER_TICKET, LoginTicketsRepository } from './login-tickets.repository.js';
import type { MfaDemand } from './login.schema.js';
import { SessionStartService } from './session-start.service.js';
import { BY_PASSWORD } from './session.entity.js';
import { credentialsChanged, SessionsError } from './sessions.errors.js';
import type { SessionTokens } from './sessions.schema.js';

const LIFETIME_MS = 5 * 60_000;

/** The second step of a login. */
@Injectable()
export class MfaLoginService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly issuer: TokenIssuer,
    private readonly tickets: LoginTicketsRepository,
    private readonly factors: SecondFactors,
    private readonly passkeys: PasskeysService,
    private readonly users: UsersRepository,
    private readonly networks: KnownNetworks,
    private readonly sessionStart: SessionStartService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * A ticket for the second step: 256 random bits, bound to this login.
   *
   * @param checked the user as it was when the password was checked. It may have changed since
   * @throws SessionsError `credentials_changed`
   */
  async demand(
    checked: User,
    { scope, resource, delivery, token_format }: LoginTicket['request'],
  ): Promise<MfaDemand> {
    const ticket = newSecret();
    const { id: userId, passwordChangedAt } = checked;
    const hash = hashSecret(ticket);
    const boundTo = CHALLENGE.secondStep(hash);
    const passkey = await this.dataSource.transaction(async (manager) => {
      // The second step finds out by itself whether there still is a factor.
      const user = { id: userId, passwordChangedAt, hasSecondFactor: 'any' } as const;
      if (!(await this.users.lockUnchanged(manager, user))) throw credentialsChanged();
      const now = await this.clock.database(manager);
      await this.tickets.insert(manager, {
        hash,
        userId,
        passwordChangedAt,
        request: { scope, resource, delivery, token_format },
        guesses: 0,
        expiresAt: new Date(+now + LIFETIME_MS),
      });
      return this.passkeys.requestOptions(manager, { boundTo, userId });
    });
    const methods = await this.factors.proofsOf(userId);
    return { mfa: { ticket, methods, expiresIn: LIFETIME_MS / 1000, ...(passkey && { passkey }) } };
  }

  /** @throws SessionsError `ticket_invalid`: unknown, used, expired, or with too many guesses */
  async find(ticket: string): Promise<LoginTicket> {
    const now = await this.clock.database(this.dataSource.manager);
    const found = await this.tickets.find(hashSecret(ticket), now);
    return found ?? invalidTicket();
  }

  /**
   * Starts the session, and uses up the ticket and the factor: all three, or none.
   *
   * @throws SessionsError `ticket_invalid`; FactorsError `wrong_code`, `wrong_passkey`; UsersError
   *   `too_many_attempts`; AccessModelError `invalid_target`
   */
  async complete(ticket: LoginTicket, proof: FactorProof, origin: Origin): Promise<SessionTokens> {
    const { userId } = ticket;
    const { user, tokens } = await this.factors.limited(userId, origin, async () => {
      const guess = (await this.tickets.countGuess(ticket)) ?? invalidTicket();
      try {
        return await this.start(ticket, proof, origin);
      } catch (error) {
        if (isWrongProof(error) && guess === GUESSES_PER_TICKET) {
          await this.noteDeath(ticket, origin);
        }
        throw error;
      }
    });
    await this.networks.rememberStarted(user, origin);
    return tokens;
  }

  private start(
    ticket: LoginTicket,
    proof: FactorProof,
    origin: Origin,
  ): Promise<{ user: User; tokens: SessionTokens }> {
    const { userId, request } = ticket;
    const boundTo = CHALLENGE.secondStep(ticket.hash);
    return this.issuer.transaction(async (manager) => {
      // The user first, as everywhere: otherwise two transactions could wait for each other.
      const user = await this.users.lockUnchanged(manager, {
        id: userId,
        passwordChangedAt: ticket.passwordChangedAt,
        // The ticket demands one in any case: below, the proof has to be right by now.
        hasSecondFactor: 'any',
      });
      if (!user) return invalidTicket();
      const methods = await this.factors.use(manager, userId, proof, boundTo, origin);
      if (!(await this.tickets.remove(manager, ticket))) return invalidTicket();
      const amr = [...BY_PASSWORD, ...methods];
      const tokens = await this.sessionStart.startIn(manager, user, request, origin, amr);
      return { user, tokens };
    });
  }

  /** Someone knows the password and not the factor: an administrator should see it. */
  private async noteDeath(ticket: LoginTicket, origin: Origin): Promise<void> {
    // A right guess at the same moment may have used up the ticket.
    if (!(await this.tickets.hasDied(ticket))) return;
    await this.audit.record(this.dataSource.manager, {
      action: 'session.second_factor_refused',
      actor: null,
      subject: ticket.userId,
      origin,
      detail: { guesses: GUESSES_PER_TICKET },
    });
  }
}

function invalidTicket(): never {
  throw new SessionsError('ticket_invalid', 'The ticket is unknown, used, expired or dead');
}
