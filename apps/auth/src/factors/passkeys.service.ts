import { randomUUID } from 'node:crypto';

import { networkOf } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { hashSecret, newSecret } from '../crypto/secret.js';
import { passkeyChallengeLimits } from '../users/attempt-limits.js';
import type { SessionUser } from '../users/current-user.decorator.js';
import { AttemptLimiter } from '../users/attempt-limiter.js';
import { lockCaller } from '../users/lock-caller.js';
import { UsersRepository } from '../users/users.repository.js';
import { demandFactorOf } from './demand-factor.js';
import type { Factor } from './factor.entity.js';
import { FactorsError } from './factors.errors.js';
import { factorAnswer, type AddedFactor } from './factors.schema.js';
import { FactorsService } from './factors.service.js';
import { PasskeysRepository, type OwnedPasskey } from './passkeys.repository.js';
import type { NewPasskey, PasskeyAssertion, PasskeyOptions } from './passkey.schema.js';
import { WebAuthn, type SignedBy } from './web-authn.js';

const LIFETIME_MS = 5 * 60_000;
const MAX_PASSKEYS = 20;

/** What a challenge is for. */
export const CHALLENGE = {
  add: (sessionId: string) => `add:${sessionId}`,
  stepUp: (sessionId: string) => `step-up:${sessionId}`,
  secondStep: (ticketHash: Buffer) => `ticket:${ticketHash.toString('base64url')}`,
  login: () => 'login',
} as const;

/** The challenge that a passkey has to have signed. */
interface Expected {
  readonly boundTo: string;
  /** `null`: the passkey says whose it is. */
  readonly userId: string | null;
}

/** Adds and checks passkeys (WebAuthn level 3). Users are always verified, by PIN, finger or face. */
@Injectable()
export class PasskeysService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly passkeys: PasskeysRepository,
    private readonly users: UsersRepository,
    private readonly factors: FactorsService,
    private readonly webAuthn: WebAuthn,
    private readonly limits: AttemptLimiter,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * What a browser needs to make a passkey.
   *
   * @throws AccessError `insufficient_user_authentication` from a user with a factor who has not proved it
   */
  creationOptions(caller: SessionUser): Promise<PasskeyOptions> {
    const { userId, sessionId } = caller;
    return this.dataSource.transaction(async (manager) => {
      const user = await lockCaller(this.users, manager, caller);
      demandFactorOf(user, caller.principal);
      const expected = { boundTo: CHALLENGE.add(sessionId), userId };
      const challenge = await this.challenge(manager, expected);
      return this.webAuthn.creationOptions(
        challenge,
        user,
        await this.passkeys.of(userId, manager),
      );
    });
  }

  /**
   * @throws FactorsError `wrong_new_passkey`, `too_many_factors`; AccessError
   *   `insufficient_user_authentication` if another factor was added meanwhile
   */
  add(
    caller: SessionUser,
    { passkey: created, name }: NewPasskey,
    origin: Origin,
  ): Promise<AddedFactor> {
    const { userId, sessionId } = caller;
    return this.dataSource.transaction(async (manager) => {
      const user = await lockCaller(this.users, manager, caller);
      demandFactorOf(user, caller.principal);
      if ((await this.passkeys.of(userId, manager)).length >= MAX_PASSKEYS) {
        throw new FactorsError('too_many_factors', `${MAX_PASSKEYS} passkeys`);
      }
      const now = await this.clock.database(manager);
      const expected = { boundTo: CHALLENGE.add(sessionId), userId };
      const passkey = await this.webAuthn.verifyCreation(created, (challenge) =>
        this.useChallenge(manager, challenge, expected, now),
      );
      const factor: Factor = {
        id: randomUUID(),
        userId,
        kind: 'passkey',
        name,
        createdAt: now,
        lastUsedAt: null,
        secret: null,
        lastStep: null,
      };
      const by = { sessionId, methods: methodsOf(passkey), origin };
      const recoveryCodes = await this.factors.add(manager, user, factor, by);
      const isNew = await this.passkeys.insert(manager, {
        ...passkey,
        factorId: factor.id,
        signCount: String(passkey.signCount),
      });
      if (!isNew) throw new FactorsError('wrong_new_passkey', 'It is there already');
      return { ...factorAnswer(factor), ...(recoveryCodes && { recoveryCodes }) };
    });
  }

  /**
   * What a browser needs to sign with a passkey of a user, whom the transaction has locked. `undefined`: the
   * user has none.
   */
  async requestOptions(
    manager: EntityManager,
    expected: Expected & { userId: string },
  ): Promise<PasskeyOptions | undefined> {
    const allowed = await this.passkeys.of(expected.userId, manager);
    if (allowed.length === 0) return undefined;
    return this.webAuthn.requestOptions(await this.challenge(manager, expected), allowed);
  }

  /**
   * The same for a login with a passkey alone, by a user who is not known yet.
   *
   * @throws UsersError `too_many_attempts`
   */
  async loginOptions({ address }: Origin): Promise<PasskeyOptions> {
    await this.limits.begin(
      passkeyChallengeLimits(networkOf(address), this.config.registrationLimit),
    );
    const expected = { boundTo: CHALLENGE.login(), userId: null };
    const challenge = await this.challenge(this.dataSource.manager, expected);
    return this.webAuthn.requestOptions(challenge, []);
  }

  /**
   * The user whose passkey this claims to be, without a proof.
   *
   * @throws FactorsError `wrong_passkey`
   */
  async ownerOf({ id }: PasskeyAssertion): Promise<string> {
    const passkey = await this.passkeys.find(id);
    if (!passkey) throw wrongPasskey();
    return passkey.userId;
  }

  /**
   * Checks what a passkey of this user has signed, and uses up the challenge.
   *
   * @throws FactorsError `wrong_passkey`
   */
  async use(
    manager: EntityManager,
    ownerId: string,
    assertion: PasskeyAssertion,
    expected: Expected,
  ): Promise<readonly ('hwk' | 'swk' | 'mfa')[]> {
    const passkey = await this.passkeys.find(assertion.id, manager);
    if (passkey?.userId !== ownerId) throw wrongPasskey();
    const now = await this.clock.database(manager);
    const signed = await this.verify(manager, assertion, passkey, expected, now);
    await this.passkeys.noteUse(manager, passkey, { ...signed, now });
    return methodsOf(signed);
  }

  private verify(
    manager: EntityManager,
    assertion: PasskeyAssertion,
    passkey: OwnedPasskey,
    expected: Expected,
    now: Date,
  ): Promise<SignedBy> {
    return this.webAuthn.verifyAssertion(assertion, passkey, (challenge) =>
      this.useChallenge(manager, challenge, expected, now),
    );
  }

  private async challenge(manager: EntityManager, expected: Expected): Promise<string> {
    const challenge = newSecret();
    const now = await this.clock.database(manager);
    const expiresAt = new Date(+now + LIFETIME_MS);
    const hash = hashSecret(challenge);
    await this.passkeys.insertChallenge(manager, { ...expected, hash, expiresAt });
    return challenge;
  }

  private useChallenge(
    manager: EntityManager,
    challenge: string,
    expected: Expected,
    now: Date,
  ): Promise<boolean> {
    return this.passkeys.useChallenge(manager, { ...expected, hash: hashSecret(challenge) }, now);
  }
}

/** Also for a user who may not log in. */
export const wrongPasskey = (): FactorsError =>
  new FactorsError('wrong_passkey', 'There is no such passkey, or it is not for this user');

/** RFC 8176. Verification of the user is the second means: what it is shows no authenticator. */
function methodsOf({ isSynced }: { readonly isSynced: boolean }): ('hwk' | 'swk' | 'mfa')[] {
  return [isSynced ? 'swk' : 'hwk', 'mfa'];
}
