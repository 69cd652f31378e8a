import { randomUUID } from 'node:crypto';
import { generateSigningKey, type SigningKey } from './access-token.js';

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
    const pair = spareKeys.pop() ?? (await generateSigningKey());
    const key: SigningKey = { ...pair, kid: randomUUID() };
    this.keys.push(key);
    return key;
  }

  /** The issuer is closed. */
  release(): void {
    spareKeys.push(...this.keys.splice(0));
  }
}
