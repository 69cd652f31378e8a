import type { VerificationKey } from '../verifier/key-set.js';
import type { SigningAlgorithm } from '../verifier/signature.js';

/** Keys by `kid`. Several keys of one `kid` differ in their algorithm (RFC 7517 section 4.5). */
export class KeyTable implements Iterable<VerificationKey> {
  private readonly byKid = new Map<string, [VerificationKey, ...VerificationKey[]]>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Returns false, and changes nothing, if there is one with the same `kid` and algorithm. */
  add(key: VerificationKey): boolean {
    const sameKid = this.byKid.get(key.kid);
    if (sameKid === undefined) this.byKid.set(key.kid, [key]);
    else if (sameKid.some(({ algorithm }) => algorithm === key.algorithm)) return false;
    else sameKid.push(key);
    this.count += 1;
    return true;
  }

  /** The key of that `kid` for that algorithm; without one, the first. */
  get(kid: string, algorithm?: SigningAlgorithm): VerificationKey | undefined {
    const sameKid = this.byKid.get(kid);
    if (sameKid === undefined) return undefined;
    const [first] = sameKid;
    if (algorithm === undefined || first.algorithm === algorithm) return first;
    return sameKid.find((key) => key.algorithm === algorithm);
  }

  *[Symbol.iterator](): Generator<VerificationKey> {
    for (const sameKid of this.byKid.values()) yield* sameKid;
  }
}
