import { type Admission, provenToken, type ProvenToken } from './admission.js';
import type { Expected } from './claims.js';
import { BASE64URL_32_BYTES } from './compact-jws.js';
import { isWellFormed, type JsonObject } from './strict-json.js';
import { TokenError } from './token-error.js';

/**
 * Whether a token is 256 bits in canonical base64url: 43 characters, with the unused bits of the
 * last one zero. Reference tokens have this form, and no JWT has it, as a signature alone is
 * longer. Everything else is verified as a JWT, so that no second spelling of a token is ever
 * introspected.
 */
export function isReferenceToken(token: string): boolean {
  return token.length === 43 && BASE64URL_32_BYTES.test(token);
}

/**
 * Resolves reference tokens to claims: by an introspection endpoint, or by the issuer's own
 * database.
 */
export interface ReferenceTokenSource {
  /**
   * The claims of a token that is active now, with the names of RFC 7662 section 2.2: `iss`, `sub`,
   * `aud`, `client_id`, `iat`, `exp`, `jti`, and `sid`, `scope`, `roles`, `claims` where there are
   * any. `undefined` for every token that is not active, and for what is not an access token. The
   * claims belong to the caller, who freezes them.
   *
   * Must settle in bounded time. Called once for all simultaneous requests with the same new token,
   * and again if the answer is 30 seconds old.
   *
   * @throws TokenError `introspection_unavailable` if it cannot know at present. Any other error is
   * passed to the error filter of the application, and the request is refused.
   */
  resolve(token: string): Promise<JsonObject | undefined>;
}

interface ReferenceTokenVerifierOptions {
  readonly source: ReferenceTokenSource;
  readonly expected: Expected;
  readonly admission: Admission;
  /** How many tokens to remember: see `IntrospectedTokens`. */
  readonly rememberedTokens: number;
  /** A clock in milliseconds that no adjustment of the wall clock moves. */
  readonly monotonicNow?: (() => number) | undefined;
}

const REMEMBERED_FOR_MS = 30_000;
const MOST_UNDER_WAY = 64;

/**
 * Verifies reference tokens: the source is asked once for simultaneous requests with the same
 * token, and its answer is used for 30 seconds, but not beyond `exp`. Times and revocations are
 * checked at each use, as with a JWT, so that a revocation takes effect at once.
 *
 * Introspection flooding (threat:introspection-flooding): anyone can invent tokens, each of which
 * has to be introspected. At most 64 introspections run at once, and a new token beyond that gets
 * `introspection_unavailable`. Remembered tokens are not affected.
 */
export class ReferenceTokenVerifier {
  private readonly introspected: IntrospectedTokens;
  private readonly underWay = new Map<string, Promise<ProvenToken>>();
  private readonly monotonicNow: () => number;

  constructor(private readonly options: ReferenceTokenVerifierOptions) {
    this.introspected = new IntrospectedTokens(options.rememberedTokens);
    this.monotonicNow = options.monotonicNow ?? (() => performance.now());
  }

  /**
   * Verifies a token; synchronous if it is remembered.
   *
   * @param maxStalenessMs see `AccessTokenVerifier.verify`
   * @throws TokenError any code but `token_missing` and `keys_unavailable`
   */
  verify(token: string, maxStalenessMs: number | undefined): ProvenToken | Promise<ProvenToken> {
    const { admission } = this.options;
    const known = this.introspected.find(token);
    // An expired token needs no introspection any more.
    const isEnough =
      known !== undefined &&
      (this.monotonicNow() < known.untilMs || admission.hasExpired(known.proven));
    if (isEnough) return admission.admit(known.proven, maxStalenessMs);
    // Revocation races (threat:revocation-races): the list is checked after the answer, which may
    // be older than an entry.
    return this.introspect(token).then((proven) => admission.admit(proven, maxStalenessMs));
  }

  private introspect(token: string): Promise<ProvenToken> {
    const underWay = this.underWay.get(token);
    if (underWay !== undefined) return underWay;
    if (this.underWay.size === MOST_UNDER_WAY) {
      throw new TokenError('introspection_unavailable', 'too many introspections are under way');
    }
    const asking = this.ask(token).finally(() => this.underWay.delete(token));
    this.underWay.set(token, asking);
    return asking;
  }

  private async ask(token: string): Promise<ProvenToken> {
    const { source, expected, admission } = this.options;
    const askedAtMs = this.monotonicNow();
    const claims = await source.resolve(token);
    if (claims === undefined) throw this.inactive(token);
    // A source that reads JSON by other rules: two subjects must never become one.
    if (!isWellFormed(claims))
      throw new TokenError('token_invalid', 'a claim has a lone surrogate');
    const proven = provenToken(claims, expected, undefined, admission.nowSeconds());
    const lifeMs = (proven.expiresAtSeconds - admission.nowSeconds()) * 1000;
    const untilMs = Math.min(askedAtMs + REMEMBERED_FOR_MS, this.monotonicNow() + lifeMs);
    this.introspected.remember(token, { proven, untilMs });
    return proven;
  }

  private inactive(token: string): TokenError {
    const known = this.introspected.find(token)?.proven;
    if (known !== undefined && known.expiresAtSeconds <= this.options.admission.nowSeconds()) {
      return new TokenError('token_expired', 'exp is past');
    }
    this.introspected.forget(token);
    return new TokenError('token_invalid', 'the issuer reports that it is not active');
  }
}

/** A reference token and its claims. */
interface IntrospectedToken {
  readonly proven: ProvenToken;
  /** Until when they are used, on the monotonic clock. */
  readonly untilMs: number;
}

interface Kept extends IntrospectedToken {
  readonly weight: number;
}

/**
 * The reference tokens that were introspected last. Each counts as one, and as one more for each
 * KiB of its principal, whose `claims` may have 64: so the capacity bounds the memory.
 */
export class IntrospectedTokens {
  /** The oldest first. */
  private readonly kept = new Map<string, Kept>();
  private weight = 0;

  constructor(private readonly capacity: number) {}

  find(token: string): IntrospectedToken | undefined {
    return this.kept.get(token);
  }

  /** Forgets the oldest to make room. A token that is larger than the capacity is not kept. */
  remember(token: string, { proven, untilMs }: IntrospectedToken): void {
    this.forget(token);
    const weight = 1 + Math.floor(JSON.stringify(proven.principal).length / 1024);
    if (weight > this.capacity) return;
    // A copy: a slice would keep all of a long header alive.
    const own = Buffer.from(token, 'latin1').toString('latin1');
    this.kept.set(own, { proven, untilMs, weight });
    this.weight += weight;
    for (const oldest of this.kept.keys()) {
      if (this.weight <= this.capacity) break;
      this.forget(oldest);
    }
  }

  forget(token: string): void {
    this.weight -= this.kept.get(token)?.weight ?? 0;
    this.kept.delete(token);
  }
}
