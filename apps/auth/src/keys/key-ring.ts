import { createPublicKey, type KeyObject } from 'node:crypto';

import { jwksFingerprint, TokenError, type KeySet, type VerificationKey } from '@jwt-auth/jwt-core';
import type { DataSource } from 'typeorm';

import { decryptPrivateKey } from './key-encryption.js';
import { KeysError } from './keys-error.js';
import { ensureSigningKeys, publishedKeys } from './signing-key-store.js';
import type { RsaPublicJwk, SigningKey } from './signing-key.entity.js';

/** What signs: the active key. */
export interface ActiveKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

/** All that follows from one reading of the table, replaced as a whole. */
interface Holding {
  readonly active: ActiveKey;
  readonly published: ReadonlyMap<string, VerificationKey>;
  readonly jwks: string;
  readonly fingerprint: string;
}

/** A stranger may name any `kid`: the database is asked for one at most this often. */
const RELOAD_COOLDOWN_MS = 1_000;

/**
 * The keys of this issuer in memory: the active one for signing, and the published ones as the
 * app's own `KeySet`.
 */
export class KeyRing implements KeySet {
  private readonly listeners = new Set<() => void>();
  private reloading: Promise<void> | undefined;
  private reloadedAt = performance.now();

  private constructor(
    private readonly dataSource: DataSource,
    private readonly encryptionKey: Buffer,
    private holding: Holding,
  ) {}

  /**
   * Reads the keys, after making those that are missing.
   *
   * @throws KeysError `wrong_encryption_key`
   */
  static async open(dataSource: DataSource, encryptionKey: Buffer, now: Date): Promise<KeyRing> {
    await ensureSigningKeys(dataSource, encryptionKey, now);
    const keys = await publishedKeys(dataSource.manager);
    return new KeyRing(dataSource, encryptionKey, hold(keys, encryptionKey));
  }

  get active(): ActiveKey {
    return this.holding.active;
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
    if (!this.get(kid) && performance.now() - this.reloadedAt >= RELOAD_COOLDOWN_MS) {
      await this.reload().catch((cause: unknown) => {
        throw new TokenError('keys_unavailable', 'The database cannot be asked', { cause });
      });
    }
    return this.get(kid);
  }

  /** Calls back whenever the published keys have changed. Returns how to end that. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Takes over what another process has changed. On failure the keys at hand stay. */
  reload(): Promise<void> {
    this.reloading ??= this.read().finally(() => (this.reloading = undefined));
    return this.reloading;
  }

  private async read(): Promise<void> {
    this.reloadedAt = performance.now();
    const before = this.holding;
    const keys = await publishedKeys(this.dataSource.manager);
    this.holding = hold(keys, this.encryptionKey, before);
    if (this.holding.fingerprint === before.fingerprint) return;
    for (const listener of this.listeners) listener();
  }
}

function hold(keys: readonly SigningKey[], encryptionKey: Buffer, before?: Holding): Holding {
  const active = keys.find((key) => key.state === 'active');
  if (!active) throw new KeysError('no_active_key', 'The database holds no active signing key');
  const published = new Map(
    // The same object for the same material: a remembered signature stays good with its key. A kid
    // is the thumbprint of its key, so equal kids are equal keys.
    keys.map(({ kid, publicKey }) => [
      kid,
      before?.published.get(kid) ?? { kid, publicKey: importPublic(publicKey) },
    ]),
  );
  return {
    active:
      before?.active.kid === active.kid
        ? before.active
        : {
            kid: active.kid,
            privateKey: decryptPrivateKey(active.privateKey, active.kid, encryptionKey),
          },
    published,
    jwks: JSON.stringify({ keys: keys.map(publicJwk) }),
    fingerprint: jwksFingerprint(published.values()),
  };
}

function importPublic({ kty, n, e }: RsaPublicJwk): KeyObject {
  return createPublicKey({ key: { kty, n, e }, format: 'jwk' });
}

/** Member by member, so that nothing else of a row can ever be published. */
function publicJwk({ kid, publicKey: { kty, n, e } }: SigningKey): object {
  return { kty, use: 'sig', alg: 'RS256', kid, n, e };
}
