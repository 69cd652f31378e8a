import { networkOf } from '@jwt-auth/chassis';
import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { Outcomes } from '../outcomes.js';
import { hashSecret } from '../crypto/secret.js';
import { AttemptLimiter, type Attempt } from '../users/attempt-limiter.js';
import { secondFactorLimits } from '../users/attempt-limits.js';
import { KnownNetworksRepository } from '../users/known-networks.repository.js';
import type { FactorMethod } from './factor.entity.js';
import { FactorSecrets } from './factor-secrets.js';
import { FactorsError } from './factors.errors.js';
import { FactorsRepository } from './factors.repository.js';
import type { FactorProof, ProofKind } from './factors.schema.js';
import { PasskeysService } from './passkeys.service.js';
import { totpStep } from './totp.js';

/** Checks second factors, and uses them up. */
@Injectable()
export class SecondFactors {
  private readonly logger = new Logger(SecondFactors.name);
  readonly outcomes = new Outcomes(['wrong_code', 'wrong_passkey', 'too_many_attempts']);

  constructor(
    private readonly factors: FactorsRepository,
    private readonly secrets: FactorSecrets,
    private readonly passkeys: PasskeysService,
    private readonly networks: KnownNetworksRepository,
    private readonly limits: AttemptLimiter,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** What a user can prove now. */
  async proofsOf(userId: string): Promise<ProofKind[]> {
    const kinds: ProofKind[] = (await this.factors.list(userId)).map(({ kind }) => kind);
    const codesLeft = await this.factors.countRecoveryCodes(userId);
    return [...new Set([...kinds, ...(codesLeft > 0 ? (['recovery-code'] as const) : [])])];
  }

  /**
   * Does work that uses a second factor, under the limits of wrong ones.
   *
   * @throws UsersError `too_many_attempts`; FactorsError `wrong_code`, `wrong_passkey`
   */
  limited<T>(userId: string, { address }: Origin, work: () => Promise<T>): Promise<T> {
    const attempt = async (): Promise<T> => {
      const network = networkOf(address);
      const isKnown = await this.networks.has(userId, network);
      const limits = secondFactorLimits(userId, network, isKnown);
      const counted = await this.limits.begin(limits);
      let result: T;
      try {
        result = await work();
      } catch (error) {
        // Anything else failed after a right proof, or before it was looked at.
        if (isWrongProof(error)) await this.limits.fail(counted);
        else await this.takeBack(counted);
        throw error;
      }
      await this.limits.succeed(counted);
      return result;
    };
    return this.outcomes.of(attempt());
  }

  /**
   * Uses a second factor of a user, whom the transaction has locked. If the transaction is rolled back,
   * the factor can be used again.
   *
   * @param boundTo what the challenge of a passkey is for: see `CHALLENGE`
   * @throws FactorsError `wrong_code`, `wrong_passkey`
   */
  async use(
    manager: EntityManager,
    userId: string,
    { code, recoveryCode, passkey }: FactorProof,
    boundTo: string,
    origin: Origin,
  ): Promise<readonly FactorMethod[]> {
    if (passkey) return this.passkeys.use(manager, userId, passkey, { boundTo, userId });
    if (code !== undefined) await this.useCode(manager, userId, code);
    else await this.useRecoveryCode(manager, userId, recoveryCode ?? '', origin);
    return ['otp', 'mfa'];
  }

  /** An error is logged, as it would hide why the work failed. */
  private async takeBack(counted: Attempt): Promise<void> {
    await this.limits
      .takeBack(counted)
      .catch((error: unknown) => this.logger.warn('An attempt is still counted', error));
  }

  private async useCode(manager: EntityManager, userId: string, code: string): Promise<void> {
    const factor = await this.factors.findTotp(manager, userId);
    if (!factor) throw wrongCode();
    const opened = this.secrets.tryOpen(userId, factor.secret);
    if (!opened) {
      this.logger.error(
        'The secret of an authenticator app is encrypted under an unknown key, or for another user: ' +
          'its user needs a recovery code, or an administrator who resets the factors',
        { userId },
      );
      throw wrongCode();
    }
    // Of the database: a process whose clock is off would refuse what another one accepts.
    const now = await this.clock.database(manager);
    const step = totpStep(opened.secret, code, now);
    if (step === undefined || !(await this.factors.useStep(manager, factor, step, now))) {
      throw wrongCode();
    }
  }

  private async useRecoveryCode(
    manager: EntityManager,
    userId: string,
    code: string,
    origin: Origin,
  ): Promise<void> {
    if (!(await this.factors.useRecoveryCode(manager, userId, hashSecret(code)))) {
      throw wrongCode();
    }
    await this.audit.recordOwn(manager, 'factor.recovery_code_used', userId, origin);
  }
}

export const isWrongProof = (error: unknown): boolean =>
  error instanceof FactorsError && (error.code === 'wrong_code' || error.code === 'wrong_passkey');

const wrongCode = (): FactorsError =>
  new FactorsError('wrong_code', 'The second factor is wrong, or was used before');
