import { randomUUID } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { renderSVG } from 'uqr';

import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import type { SessionUser } from '../users/current-user.decorator.js';
import { lockCaller } from '../users/lock-caller.js';
import { UsersRepository } from '../users/users.repository.js';
import { FactorSecrets } from './factor-secrets.js';
import type { Factor } from './factor.entity.js';
import { FactorsError } from './factors.errors.js';
import { FactorsRepository } from './factors.repository.js';
import { factorAnswer, type AddedFactor, type TotpKey } from './factors.schema.js';
import { FactorsService } from './factors.service.js';
import { demandFactorOf } from './demand-factor.js';
import { newTotpSecret, totpKey, totpStep } from './totp.js';

const LIFETIME_MS = 15 * 60_000;

/** Adds authenticator apps, in two steps: a user whose app does not work must not be locked out. */
@Injectable()
export class TotpService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly factors: FactorsRepository,
    private readonly users: UsersRepository,
    private readonly service: FactorsService,
    private readonly secrets: FactorSecrets,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * A new secret, which counts for nothing before it is confirmed.
   *
   * @throws AccessError `insufficient_user_authentication` from a user with a factor who has not proved it
   */
  async enrol(caller: SessionUser, name: string): Promise<TotpKey> {
    const { userId, sessionId } = caller;
    const secret = newTotpSecret();
    const account = await this.dataSource.transaction(async (manager) => {
      const user = await lockCaller(this.users, manager, caller);
      demandFactorOf(user, caller.principal);
      const now = await this.clock.database(manager);
      const expiresAt = new Date(+now + LIFETIME_MS);
      const sealed = this.secrets.seal(userId, secret);
      const enrolment = { userId, sessionId, name, secret: sealed, expiresAt };
      await this.factors.putEnrolment(manager, enrolment);
      return user.email;
    });
    const service = new URL(this.config.issuer).hostname;
    const key = totpKey(secret, { service, account });
    const svg = Buffer.from(renderSVG(key.uri, { border: 4 }));
    const qrCode = `data:image/svg+xml;base64,${svg.toString('base64')}`;
    return { ...key, qrCode, expiresIn: LIFETIME_MS / 1000 };
  }

  /**
   * Makes the app a factor, which replaces the previous app. Its code cannot be used again.
   *
   * @throws FactorsError `enrolment_not_found`, `wrong_confirmation`; AccessError
   *   `insufficient_user_authentication` if another factor was added meanwhile
   */
  confirm(caller: SessionUser, code: string, origin: Origin): Promise<AddedFactor> {
    const { userId, sessionId } = caller;
    return this.dataSource.transaction(async (manager) => {
      const user = await lockCaller(this.users, manager, caller);
      demandFactorOf(user, caller.principal);
      const now = await this.clock.database(manager);
      const enrolment = await this.openEnrolment(manager, caller, now);
      if (!enrolment) throw new FactorsError('enrolment_not_found', 'Nothing to confirm');
      const { name, secret } = enrolment;
      const step = totpStep(secret, code, now);
      if (step === undefined) throw new FactorsError('wrong_confirmation', 'The code is wrong');
      const before = await this.factors.findTotp(manager, userId);
      if (before) await this.service.removeFound(manager, user, before, origin);
      await this.factors.removeEnrolment(manager, userId);
      const factor: Factor = {
        id: randomUUID(),
        userId,
        kind: 'totp',
        name,
        // Under the present key: the enrolment may be under the previous one.
        secret: this.secrets.seal(userId, secret),
        lastStep: step,
        createdAt: now,
        lastUsedAt: null,
      };
      const by = { sessionId, methods: ['otp', 'mfa'], origin } as const;
      const recoveryCodes = await this.service.add(manager, user, factor, by);
      return { ...factorAnswer(factor), ...(recoveryCodes && { recoveryCodes }) };
    });
  }

  /** `undefined` also for one under a key that is gone: the user begins again. */
  private async openEnrolment(
    manager: EntityManager,
    { userId, sessionId }: SessionUser,
    now: Date,
  ): Promise<{ name: string; secret: Buffer } | undefined> {
    const enrolment = await this.factors.findEnrolment(manager, { userId, sessionId }, now);
    const opened = enrolment && this.secrets.tryOpen(userId, enrolment.secret);
    return opened ? { name: enrolment.name, secret: opened.secret } : undefined;
  }
}
