import { randomUUID } from 'node:crypto';
import { jwksFingerprint } from '../keys/jwks-fingerprint.js';
import type { SigningAlgorithm } from '../verifier/signature.js';
import { newKeyPair, publicJwk, type SigningKey } from './access-token.js';

/** Of issuers that are closed. */
const spareKeys: SigningKey[] = [];

/**
 * The keys of an issuer, those that it is given or makes for itself. No two open issuers have made
 * the same one, as either could sign for the other. A key of a closed issuer is used again under a
 * new `kid`: a new pair takes most of the time of a start.
 */
export class IssuerKeys {
  private published: readonly SigningKey[];
  private readonly own: SigningKey[] = [];
  /** How often they were requested since the last one was published. */
  requests = 0;

  constructor(given?: readonly SigningKey[]) {
    this.published = given ?? [this.make('RS256')];
  }

  get signing(): SigningKey {
    return this.published[0]!;
  }

  get fingerprint(): string {
    return jwksFingerprint(this.published);
  }

  /** A new key beside the others, for the same algorithm as the one that signs. It does not sign yet. */
  publish(): SigningKey {
    const key = this.make(this.signing.algorithm ?? 'RS256');
    this.published = [...this.published, key];
    this.requests = 0;
    return key;
  }

  signWith(key: SigningKey): void {
    this.published = [key, ...this.published.filter(({ kid }) => kid !== key.kid)];
  }

  /** @throws RangeError for a key that is not published */
  withdraw(kid: string): void {
    const kept = this.published.filter((key) => key.kid !== kid);
    if (kept.length === this.published.length) throw new RangeError(`There is no key ${kid}`);
    this.published = kept;
  }

  isOnly(kid: string): boolean {
    return this.published.length === 1 && this.signing.kid === kid;
  }

  /** Answers a request for them, and counts it. */
  answer(): unknown {
    this.requests += 1;
    return { keys: this.published.map(publicJwk) };
  }

  /** The issuer is closed. */
  release(): void {
    spareKeys.push(...this.own.splice(0));
  }

  private make(algorithm: SigningAlgorithm): SigningKey {
    const at = spareKeys.findLastIndex((spare) => spare.algorithm === algorithm);
    const [pair = newKeyPair(algorithm)] = at < 0 ? [] : spareKeys.splice(at, 1);
    const key: SigningKey = { ...pair, kid: randomUUID(), algorithm };
    this.own.push(key);
    return key;
  }
}
