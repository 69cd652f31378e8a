import { type JwkFault, parseJwk } from './jwk.js';
import { MAX_KID_LENGTH } from '../verifier/compact-jws.js';
import type { VerificationKey } from '../verifier/key-set.js';
import type { SigningAlgorithm } from '../verifier/signature.js';

const DESCRIBED_AT_MOST = 10;

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

export interface IgnoredJwk {
  readonly kid: unknown;
  readonly fault: JwkFault;
}

/** The signing keys of a JWK set, and the ignored ones. */
export interface JwkSet {
  readonly keys: KeyTable;
  readonly ignored: readonly IgnoredJwk[];
}

export type JwkSetErrorCode = 'not_a_key_set' | 'duplicate_kid' | 'no_usable_key';

/** Why a document is not usable as a key set. `message` is for logs. */
export class JwkSetError extends Error {
  override readonly name = 'JwkSetError';

  constructor(
    readonly code: JwkSetErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Reads a JWK set (RFC 7517 section 5). Keys that are not for signatures with these algorithms are
 * ignored, as the RFC requires. One `kid` may name several keys of different algorithms (section
 * 4.5). A set with two keys for one `kid` and algorithm is refused: it is not clear which one is
 * meant.
 *
 * @throws JwkSetError
 */
export function parseJwkSet(document: unknown, algorithms: readonly SigningAlgorithm[]): JwkSet {
  const members = (document as { keys?: unknown } | null | undefined)?.keys;
  if (!Array.isArray(members)) throw new JwkSetError('not_a_key_set', 'no `keys` array');
  const usable: VerificationKey[] = [];
  const ignored: IgnoredJwk[] = [];
  const leaked = new Set<unknown>();
  for (const member of members as unknown[]) {
    const kid = (member as { kid?: unknown } | null)?.kid;
    const key = parseJwk(member, algorithms);
    if (typeof key !== 'string') usable.push(key);
    else ignored.push({ kid, fault: key });
    if (key === 'private_key') leaked.add(kid);
  }
  const keys = new KeyTable();
  for (const key of usable) {
    // Leaked private keys (threat:leaked-private-keys): the public half may be there as well.
    if (leaked.has(key.kid)) ignored.push({ kid: key.kid, fault: 'private_key' });
    // Key shadowing (threat:key-shadowing): the second would replace the first.
    else if (!keys.add(key) && !isRepeatedEdKey(key, keys)) {
      throw new JwkSetError('duplicate_kid', `two keys ${key.kid} for ${key.algorithm}`);
    }
  }
  if (keys.size === 0) {
    const why = describeIgnored(ignored);
    throw new JwkSetError('no_usable_key', why ? `no usable key: ${why}` : 'no keys');
  }
  return { keys, ignored };
}

/** An issuer may publish an Ed25519 key twice: as `EdDSA`, and by its new name (RFC 9864). */
function isRepeatedEdKey({ kid, algorithm, publicKey }: VerificationKey, keys: KeyTable): boolean {
  return algorithm === 'EdDSA' && !!keys.get(kid, algorithm)?.publicKey.equals(publicKey);
}

/** For a log: what is wrong with which key. Bounded, whatever the issuer sent. */
export function describeIgnored(ignored: readonly IgnoredJwk[]): string {
  const described = ignored
    .slice(0, DESCRIBED_AT_MOST)
    .map(
      ({ kid, fault }) =>
        `${typeof kid === 'string' ? kid.slice(0, MAX_KID_LENGTH) : '?'} (${fault})`,
    );
  const others = ignored.length - described.length;
  return described.join(', ') + (others > 0 ? ` and ${others} more` : '');
}
