import { randomUUID } from 'node:crypto';
import { generateRsaKeys, type SigningKey } from './access-token.js';

/**
 * Any prime of 16 bits would do. For exponents from 2^16 up, as FIPS 186 asks for, OpenSSL looks for primes
 * of a special form: that takes 141 ms of CPU in place of 64 (median of 60, Node 20).
 */
const QUICK_EXPONENT = 32_771;

/** Of issuers that are closed. */
const spareKeys: SigningKey[] = [];

/**
 * The keys that an issuer makes for itself. No two open issuers have the same one, as either could
 * sign for the other. A key of a closed issuer is used again under a new `kid`: a new pair takes most
 * of the time of a start.
 */
export class OwnKeys {
  private readonly keys: SigningKey[] = [];

  async next(): Promise<SigningKey> {
    const pair = spareKeys.pop() ?? (await generateRsaKeys(QUICK_EXPONENT));
    const key: SigningKey = { ...pair, kid: randomUUID() };
    this.keys.push(key);
    return key;
  }

  /** The issuer is closed. */
  release(): void {
    spareKeys.push(...this.keys.splice(0));
  }
}
