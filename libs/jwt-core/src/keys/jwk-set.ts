import { type JwkFault, parseJwk } from './jwk.js';
import type { VerificationKey } from '../verifier/key-set.js';

const describedAtMost = 10;

export interface IgnoredJwk {
  readonly kid: unknown;
  readonly fault: JwkFault;
}

/** The signing keys of a JWK set, by `kid`, and the ignored ones. */
export interface JwkSet {
  readonly keys: ReadonlyMap<string, VerificationKey>;
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
 * Reads a JWK set (RFC 7517 section 5). Keys that are not for RS256 signatures are ignored, as the
 * RFC requires. A set with one `kid` twice, in any keys, is refused: it is not clear which one is
 * meant.
 *
 * @throws JwkSetError
 */
export function parseJwkSet(document: unknown): JwkSet {
  const members = (document as { keys?: unknown } | null | undefined)?.keys;
  if (!Array.isArray(members)) throw new JwkSetError('not_a_key_set', 'no `keys` array');
  const keys = new Map<string, VerificationKey>();
  const ignored: IgnoredJwk[] = [];
  const kids = new Set<string>();
  for (const member of members as unknown[]) {
    const kid = (member as { kid?: unknown } | null)?.kid;
    if (typeof kid === 'string') {
      // Key shadowing (threat:key-shadowing): the second would replace the first.
      if (kids.has(kid)) throw new JwkSetError('duplicate_kid', `two keys ${kid.slice(0, 128)}`);
      kids.add(kid);
    }
    const key = parseJwk(member);
    if (typeof key === 'string') ignored.push({ kid, fault: key });
    else keys.set(key.kid, key);
  }
  if (keys.size === 0) {
    const why = describeIgnored(ignored);
    throw new JwkSetError('no_usable_key', why ? `no usable key: ${why}` : 'no keys');
  }
  return { keys, ignored };
}

/** For a log: what is wrong with which key. Bounded, whatever the issuer sent. */
export function describeIgnored(ignored: readonly IgnoredJwk[]): string {
  const described = ignored
    .slice(0, describedAtMost)
    .map(({ kid, fault }) => `${typeof kid === 'string' ? kid.slice(0, 128) : '?'} (${fault})`);
  const others = ignored.length - described.length;
  return described.join(', ') + (others > 0 ? ` and ${others} more` : '');
}
