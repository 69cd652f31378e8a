import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { DoneBy } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { KEY_REVOCATION_SECONDS, RevocationsService } from '../revocations/revocations.service.js';
import { demandStillValid } from '../revocations/still-valid.js';
import { EncryptionKeys } from './key-encryption.js';
import { KeyRing } from './key-ring.js';
import { KeysError } from './keys.errors.js';
import { newSigningKey } from './new-signing-key.js';
import { KeysRepository } from './keys.repository.js';
import {
  SETTLING_MS,
  type CurrentState,
  type SigningKey,
  type SigningKeyState,
} from './signing-key.entity.js';

/** About 45 KiB of JWKS: a service reads 64 KiB of it. */
const MAX_PUBLISHED = 100;

type CurrentKeys = Readonly<Record<CurrentState, SigningKey>>;

/**
 * Takes signing keys through their life, in one process at a time. A process that cannot decrypt the active
 * key makes no keys: it does not have the `KEY_ENCRYPTION_KEY` of the others.
 */
@Injectable()
export class KeyRotationService {
  constructor(
    private readonly keys: KeysRepository,
    private readonly keyRing: KeyRing,
    private readonly encryptionKeys: EncryptionKeys,
    private readonly revocations: RevocationsService,
    private readonly audit: AuditService,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly dataSource: DataSource,
  ) {}

  /** See `KeysRepository`. For other features, too. */
  list(): Promise<SigningKey[]> {
    return this.keys.list();
  }

  /**
   * The published next key signs from now on, and a new next one is published. Of two who want that
   * at once, one does it for both.
   *
   * @throws KeysError `too_many_keys` until retired ones have gone; `cannot_make_keys`
   */
  async rotate(by: DoneBy): Promise<void> {
    this.refuseTooMany();
    await this.replaceMissing();
    const { active } = await this.current();
    while (!(await this.rotateOnce(active.kid, by)));
    await this.reload();
  }

  /**
   * Rotates when the active key has signed for long enough, and the next is known for long enough. Makes
   * the next key if a process could not that has ended the one before.
   *
   * @throws KeysError `too_many_keys` when it is due, until retired ones have gone; `cannot_make_keys`
   */
  async rotateIfDue(): Promise<void> {
    await this.replaceMissing();
    if (!this.isDue(await this.current(), this.clock.now())) return;
    this.refuseTooMany();
    await this.keys.change(async (manager) => {
      const current = await this.current(manager);
      // Another process may have been first, or the clock of this one is wrong.
      const now = await this.clock.database(manager);
      if (this.isDue(current, now)) await this.advance(manager, current, { actor: null });
    });
    await this.reload();
  }

  /**
   * The end of a key that someone else may have: published no more, and revoked. Whatever it signed
   * is refused everywhere, and another key is active before this returns. Twice is once. A process that
   * makes no keys leaves the new next one to another: see `rotateIfDue`.
   *
   * @throws KeysError `key_not_found`; `cannot_make_keys` for the active key while there is no next one
   */
  async withdraw(kid: string, by: DoneBy): Promise<void> {
    await this.replaceMissing();
    await this.keys.change(async (manager) => {
      await demandStillValid(manager, by.caller);
      const key = await this.keys.find(manager, kid);
      if (!key) throw new KeysError('key_not_found', `There is no signing key ${kid}`);
      if (key.state === 'withdrawn') return;
      const { active = noKey(), next } = await this.keys.current(manager);
      const isMaker = this.isMaker(active);
      const successor = async () =>
        next ?? (isMaker ? this.insertNext(manager) : cannotMakeKeys(active));
      await this.end(manager, key, 'withdrawn');
      if (key.state === 'active') await this.promote(manager, await successor());
      if (key.state !== 'retired' && isMaker) await this.insertNext(manager);
      const exp = this.clock.seconds() + KEY_REVOCATION_SECONDS;
      await this.revocations.revoke(manager, [{ kind: 'kid', id: kid, exp }]);
      await this.audit.record(manager, { ...by, action: 'key.withdrawn', subject: kid });
    });
    await this.reload();
  }

  /** As `withdraw`, for a key that may not be one of this issuer. */
  async withdrawIfKnown(kid: string, by: DoneBy): Promise<void> {
    try {
      await this.withdraw(kid, by);
    } catch (error) {
      if (!(error instanceof KeysError && error.code === 'key_not_found')) throw error;
    }
  }

  /**
   * Waits until every process publishes the next key, and then makes it the active one.
   *
   * @returns false if the next key was withdrawn meanwhile: try again
   */
  private async rotateOnce(activeKid: string, by: DoneBy): Promise<boolean> {
    const { next } = await this.current();
    const now = await this.clock.database(this.dataSource.manager);
    const age = +now - +next.createdAt;
    // From both sides: the clock may have been set back.
    await sleep(Math.min(Math.max(SETTLING_MS - age, 0), SETTLING_MS));
    return this.keys.change(async (manager) => {
      await demandStillValid(manager, by.caller);
      const current = await this.current(manager);
      if (current.active.kid !== activeKid) return true;
      if (current.next.kid !== next.kid) return false;
      await this.advance(manager, current, by);
      return true;
    });
  }

  /** What is committed is done, also if this process cannot decrypt the key that is active now. */
  private async reload(): Promise<void> {
    try {
      await this.keyRing.reload();
    } catch (error) {
      if (!(error instanceof KeysError && error.code === 'wrong_encryption_key')) throw error;
    }
  }

  private refuseTooMany(): void {
    if (this.keyRing.size < MAX_PUBLISHED) return;
    throw new KeysError('too_many_keys', `${this.keyRing.size} keys are published`);
  }

  private async current(manager?: EntityManager): Promise<CurrentKeys> {
    const { active, next } = await this.keys.current(manager);
    if (!active) return noKey();
    return next ? { active, next } : cannotMakeKeys(active);
  }

  /** Another process may have ended the next key, and could make none. */
  private async replaceMissing(): Promise<void> {
    const isMissing = async (manager?: EntityManager): Promise<boolean> => {
      const { active, next } = await this.keys.current(manager);
      return active !== undefined && !next && this.isMaker(active);
    };
    if (!(await isMissing())) return;
    await this.keys.change(async (manager) => {
      if (await isMissing(manager)) await this.insertNext(manager);
    });
    await this.reload();
  }

  /** Not whether the key ring holds the key: it may have read it before `KEY_ENCRYPTION_KEY` changed. */
  private isMaker({ kid, privateKey }: SigningKey): boolean {
    if (!privateKey) return false;
    try {
      this.encryptionKeys.decryptPrivateKey(privateKey, kid);
      return true;
    } catch (error) {
      if (error instanceof KeysError && error.code === 'wrong_encryption_key') return false;
      throw error;
    }
  }

  private isDue({ active, next }: CurrentKeys, now: Date): boolean {
    const { signingKeyRotationMs, signingKeyPublishAheadMs } = this.config;
    const publishAheadMs = Math.max(signingKeyPublishAheadMs, SETTLING_MS);
    return (
      +now - +(active.activatedAt ?? now) >= signingKeyRotationMs &&
      +now - +next.createdAt >= publishAheadMs
    );
  }

  /**
   * @param by `actor: null`: the key is due, and nobody asked for it
   * @throws KeysError `cannot_make_keys`
   */
  private async advance(
    manager: EntityManager,
    { active, next }: CurrentKeys,
    by: DoneBy,
  ): Promise<void> {
    if (!this.isMaker(active)) cannotMakeKeys(active);
    await this.end(manager, active, 'retired');
    await this.promote(manager, next);
    await this.insertNext(manager);
    await this.audit.record(manager, {
      ...by,
      action: 'key.rotated',
      subject: next.kid,
      detail: { retired: active.kid },
    });
  }

  private async end(
    manager: EntityManager,
    { kid, retiredAt }: SigningKey,
    state: Extract<SigningKeyState, 'retired' | 'withdrawn'>,
  ): Promise<void> {
    const ended = { state, privateKey: null, retiredAt: retiredAt ?? this.clock.now() };
    await this.keys.update(manager, kid, ended);
  }

  private async promote(manager: EntityManager, { kid }: Pick<SigningKey, 'kid'>): Promise<void> {
    const activatedAt = await this.clock.database(manager);
    await this.keys.update(manager, kid, { state: 'active', activatedAt });
  }

  private async insertNext(manager: EntityManager): Promise<Pick<SigningKey, 'kid'>> {
    const next = await newSigningKey('next', this.encryptionKeys);
    await this.keys.insert(manager, next, await this.clock.database(manager));
    return next;
  }
}

function noKey(): never {
  throw new KeysError('no_active_key', 'The database holds no active signing key');
}

function cannotMakeKeys({ kid }: SigningKey): never {
  throw new KeysError('cannot_make_keys', `The key ${kid} cannot be decrypted here`);
}
