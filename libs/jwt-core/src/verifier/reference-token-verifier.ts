import type { Admission } from './admission.js';
import { type Expected, type Principal, provenToken, type ProvenToken } from './claims.js';
import { isText } from './strict-json.js';
import { TokenError } from './token-error.js';
import type { ReferenceTokenSource } from './reference-token.js';

export interface ReferenceTokenVerifierOptions {
  readonly source: ReferenceTokenSource;
  readonly expected: Expected;
  readonly admission: Admission;
  /** How many tokens to remember; see `IntrospectedTokens`. */
  readonly rememberedTokens: number;
  /** A clock in milliseconds that no adjustment of the wall clock moves. */
  readonly monotonicNow?: (() => number) | undefined;
}

const rememberedForMs = 30_000;
const mostUnderWay = 64;

/**
 * Verifies reference tokens: the source is asked once for all who come with the same token, and its
 * answer counts for 30 seconds, and not beyond `exp`. What kills a JWT is checked at each use, so
 * that a revocation counts at once.
 *
 * Introspection flooding (threat:introspection-flooding): anybody can make up tokens, each of which has to be asked about. No more
 * than 64 questions are under way, and a new token beyond that gets `introspection_unavailable`. So a
 * flood costs the issuer what 64 patient clients cost it, and tokens that are remembered do not
 * notice.
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
   * Who carries this token; at once when it is remembered.
   *
   * @param maxStalenessMs see `AccessTokenVerifier.verify`
   * @throws TokenError every code but `token_missing` and `keys_unavailable`
   */
  verify(token: string, maxStalenessMs: number | undefined): Principal | Promise<Principal> {
    const { admission } = this.options;
    const known = this.introspected.find(token);
    // Once it has expired nobody has to be asked any more.
    const isEnough =
      known !== undefined &&
      (this.monotonicNow() < known.untilMs || admission.hasExpired(known.proven));
    if (isEnough) return admission.admit(known.proven, maxStalenessMs);
    // Revocation races (threat:revocation-races): the list is asked after the answer, which may be older than an entry of it.
    return this.introspect(token).then((proven) => admission.admit(proven, maxStalenessMs));
  }

  private introspect(token: string): Promise<ProvenToken> {
    const underWay = this.underWay.get(token);
    if (underWay !== undefined) return underWay;
    if (this.underWay.size === mostUnderWay) {
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
    if (!isText(claims)) throw new TokenError('token_invalid', 'a claim has a lone surrogate');
    const proven = provenToken(claims, expected);
    const lifeMs = (proven.expiresAt - admission.nowSeconds()) * 1000;
    const untilMs = Math.min(askedAtMs + rememberedForMs, this.monotonicNow() + lifeMs);
    this.introspected.remember(token, { proven, untilMs });
    return proven;
  }

  private inactive(token: string): TokenError {
    const known = this.introspected.find(token)?.proven;
    if (known !== undefined && known.expiresAt <= this.options.admission.nowSeconds()) {
      return new TokenError('token_expired', 'exp is past');
    }
    this.introspected.forget(token);
    return new TokenError('token_invalid', 'the issuer says that it is not active');
  }
}

/** A reference token and what the issuer said of it. */
export interface IntrospectedToken {
  readonly proven: ProvenToken;
  /** For how long that counts, on the monotonic clock. */
  readonly untilMs: number;
}

interface Kept extends IntrospectedToken {
  readonly weight: number;
}

/**
 * The reference tokens that were asked about last. Each counts as one, and as one more for each KiB
 * of `claims`: of these it may have 64, and memory is to be bounded by the number alone.
 */
export class IntrospectedTokens {
  /** From the one asked about longest ago. */
  private readonly kept = new Map<string, Kept>();
  private weight = 0;

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.kept.size;
  }

  find(token: string): IntrospectedToken | undefined {
    return this.kept.get(token);
  }

  /** Makes room by forgetting the oldest. What is too large for all of the room is not kept. */
  remember(token: string, { proven, untilMs }: IntrospectedToken): void {
    this.forget(token);
    const weight = 1 + Math.floor(JSON.stringify(proven.principal.claims).length / 1024);
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
