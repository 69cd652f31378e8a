import { setTimeout as sleep } from 'node:timers/promises';

import { TokenError, type KeySet, type VerificationKey } from '@jwt-auth/jwt-core';
import type { EntityManager } from 'typeorm';

import type { Clock } from '../clock.js';
import { holdKeys, versionOf, type ActiveKey, type HeldKeys } from './held-keys.js';
import type { EncryptionKeys } from './key-encryption.js';
import { KeysError } from './keys.errors.js';
import type { KeysRepository } from './keys.repository.js';
import { ensureSigningKeys } from './new-signing-key.js';
import type { SigningKey } from './signing-key.entity.js';

export interface KeyRingOptions {
  readonly keys: KeysRepository;
  readonly encryptionKeys: EncryptionKeys;
  readonly clock: Clock;
  /** For how long a retired key has to be published: as long as a token can live. */
  readonly retiredLifeMs: number;
}

/** A stranger may name any `kid`: the database is asked for one at most this often. */
const LOOK_UP_COOLDOWN_MS = 1_000;

/**
 * The keys of this issuer in memory: the active one for signing, and the published ones as the
 * app's own `KeySet`.
 */
export class KeyRing implements KeySet {
  private onPublished: () => void = () => undefined;
  private reloading: Promise<void> = Promise.resolve();
  /** Begins after the one that is under way, for all calls since that began. */
  private dueReload: Promise<void> | undefined;
  private lookingUp: Promise<void> | undefined;
  private lookedUpAtMs = performance.now();
  /** Why the keys could not be read last time. */
  private outage: unknown;
  private readsBegun = 0;
  /** Which of the reads the keys are from. */
  private heldRead = 0;

  private constructor(
    private readonly options: KeyRingOptions,
    private holding: HeldKeys,
  ) {}

  /**
   * Reads the keys, after making those that are missing.
   *
   * @throws KeysError `wrong_encryption_key`
   */
  static async open(options: KeyRingOptions): Promise<KeyRing> {
    const { keys, encryptionKeys, clock } = options;
    const now = (manager: EntityManager) => clock.database(manager);
    const startedAt = await ensureSigningKeys(keys, encryptionKeys, now);
    return new KeyRing(options, holdKeys(await rowsOf(options), encryptionKeys, startedAt));
  }

  /** @throws KeysError `wrong_encryption_key` when another process stored it under a key not known here */
  get active(): ActiveKey {
    const { active } = this.holding;
    if (active instanceof KeysError) throw active;
    return active;
  }

  /**
   * The active key, to sign with. A key that had to become active soon after it was published, as
   * another one was withdrawn, is waited for: services would refuse its tokens until they know it.
   *
   * @throws KeysError as `active`
   */
  async signing(): Promise<ActiveKey> {
    for (;;) {
      const { active } = this;
      if (active.signsFromMs <= performance.now()) return active;
      await this.settled();
    }
  }

  /**
   * The wait of `signing` alone, for a caller that is about to open a transaction: inside, it would hold
   * a connection and locks meanwhile. It does not fail if this process cannot sign.
   */
  async settled(): Promise<void> {
    for (;;) {
      const { active } = this.holding;
      const waitMs = active instanceof KeysError ? 0 : active.signsFromMs - performance.now();
      if (waitMs <= 0) return;
      await sleep(waitMs);
    }
  }

  get canSign(): boolean {
    return !(this.holding.active instanceof KeysError);
  }

  /** How many keys are published. */
  get size(): number {
    return this.holding.published.size;
  }

  /** The JWK Set (RFC 7517 section 5) as JSON: public members only. */
  get jwks(): string {
    return this.holding.jwks;
  }

  /** Changes exactly when the published keys do. */
  get fingerprint(): string {
    return this.holding.fingerprint;
  }

  get(kid: string): VerificationKey | undefined {
    return this.holding.published.get(kid);
  }

  async find(kid: string): Promise<VerificationKey | undefined> {
    // During an outage each look would wait for a connection. `KeyWatch` sees its end.
    if (!this.get(kid) && this.outage === undefined) await this.lookUp();
    const key = this.get(kid);
    if (!key && this.outage !== undefined) {
      const cause = this.outage;
      throw new TokenError('keys_unavailable', 'The database cannot be asked', { cause });
    }
    return key;
  }

  /** Calls its one listener back whenever the published keys have changed. */
  onChange(listener: () => void): void {
    this.onPublished = listener;
  }

  /**
   * Loads all keys that were committed before this call. On failure the present keys stay, but for
   * `wrong_encryption_key`: then the published keys are followed, and nothing is signed.
   *
   * @param manager of a caller in a transaction. It waits for no other reload, which may wait for a
   *   connection that such callers hold.
   * @throws KeysError `no_active_key`, `wrong_encryption_key`
   */
  reload(manager?: EntityManager): Promise<void> {
    if (manager) return this.read(manager);
    // One that is under way may have read too early.
    this.dueReload ??= this.reloading.then(() => {
      this.dueReload = undefined;
      return this.read();
    });
    this.reloading = this.dueReload.catch(() => undefined);
    return this.dueReload;
  }

  /** One for all callers that need one at the same time. None soon after another. */
  private lookUp(): Promise<void> | undefined {
    if (performance.now() - this.lookedUpAtMs < LOOK_UP_COOLDOWN_MS) return undefined;
    // Whether this process can sign is not asked here.
    return (this.lookingUp ??= this.reload()
      .catch(() => undefined)
      .finally(() => {
        this.lookingUp = undefined;
        this.lookedUpAtMs = performance.now();
      }));
  }

  private async read(manager?: EntityManager): Promise<void> {
    const read = (this.readsBegun += 1);
    const rows = await this.rows(manager);
    const before = this.holding;
    // One that began later has been faster.
    const isOutdated = read < this.heldRead;
    this.heldRead = Math.max(read, this.heldRead);
    // The same key may be stored under another encryption key by now, which is known here.
    const isChanged = versionOf(rows) !== before.version || before.active instanceof KeysError;
    if (isChanged && !isOutdated) {
      this.holding = holdKeys(rows, this.options.encryptionKeys, before);
    }
    if (this.holding.fingerprint !== before.fingerprint) this.onPublished();
    const { active } = this.holding;
    if (active instanceof KeysError) throw active;
  }

  private async rows(manager?: EntityManager): Promise<SigningKey[]> {
    try {
      const rows = await rowsOf(this.options, manager);
      this.outage = undefined;
      return rows;
    } catch (error) {
      this.outage = error;
      throw error;
    }
  }
}

function rowsOf(
  { keys, clock, retiredLifeMs }: KeyRingOptions,
  manager?: EntityManager,
): Promise<SigningKey[]> {
  return keys.published(new Date(+clock.now() - retiredLifeMs), manager);
}
