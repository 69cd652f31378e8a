import type { KeySet, VerificationKey } from './key-set.js';
import {
  isReferenceToken,
  type ReferenceTokenSource,
  ReferenceTokenVerifier,
} from './reference-token-verifier.js';
import type { RevocationList } from '../revocation/revocation-list.js';
import { Admission, provenToken, type ProvenToken } from './admission.js';
import {
  type CompactJws,
  type HeaderRules,
  readHeader,
  splitCompactJws,
  type TokenHeader,
} from './compact-jws.js';
import type { Expected, Principal } from './claims.js';
import { algorithmOf, defaultAlgorithms, isSignedBy, type SigningAlgorithm } from './signature.js';
import { parseJsonObject } from './strict-json.js';
import { TokenError } from './token-error.js';
import { VerdictCounts } from './verdict-counts.js';
import {
  DEFAULT_REMEMBERED_TOKENS,
  MOST_REMEMBERED_TOKENS,
  VerifiedTokens,
} from './verified-tokens.js';
import { isPromise } from './is-promise.js';

/** With the issuer and what is expected of its tokens. */
export interface AccessTokenVerifierOptions extends Expected {
  readonly keys: KeySet;
  /** The algorithms that its tokens may be signed with. Default: by the profile. */
  readonly algorithms?: readonly SigningAlgorithm[] | undefined;
  readonly revocations: RevocationList;
  /** Resolves reference tokens. Without one they are refused as `token_invalid`. */
  readonly referenceTokens?: ReferenceTokenSource | undefined;
  /** Clock tolerance for `exp`, `nbf` and `iat`: from 0 to under 60, default 5. */
  readonly clockToleranceSeconds?: number | undefined;
  /**
   * How many tokens of either kind to remember, up to 10,000,000. Default 10,000; 0 remembers none.
   */
  readonly rememberedTokens?: number | undefined;
  /** The wall clock, in milliseconds since the epoch. */
  readonly now?: (() => number) | undefined;
}

/** What can still happen to a token that was accepted. */
export interface TokenWatch {
  /** The list that decides. */
  readonly revocations: RevocationList;
  /** When it expires, in milliseconds since the epoch, with the clock tolerance. */
  endsAtMs(): number;
  /** Why it would be refused now; `undefined` if it is still good, whatever the age of the list. */
  endedBy(): TokenError | undefined;
}

/**
 * Verifies access tokens: JWTs (JWS compact, RFC 7515, with the claims of RFC 9068, following
 * RFC 8725), and reference tokens by introspection (RFC 7662). Both pass the same checks
 * of their claims. No check can be switched off.
 */
export class AccessTokenVerifier {
  /** Counts the results so far. */
  readonly verdicts = new VerdictCounts();
  private readonly verified: VerifiedTokens;
  private readonly headerRules: HeaderRules;
  private readonly admission: Admission;
  private readonly references: ReferenceTokenVerifier | undefined;
  private rememberedUses = 0;
  /** Of the last genuine token. Most tokens have the same, and it saves 1 µs of 30 to parse it. */
  private lastHeader: (TokenHeader & { readonly segment: string }) | undefined;

  /** @throws TypeError if an option is out of range or would make a check pass for every token */
  constructor(private readonly options: AccessTokenVerifierOptions) {
    const { issuer, audience, referenceTokens: source } = options;
    const { rememberedTokens = DEFAULT_REMEMBERED_TOKENS } = options;
    if (!issuer || audience.length === 0) throw new TypeError('issuer and audience are required');
    const { profile, algorithms = defaultAlgorithms(profile) } = options;
    this.headerRules = { algorithms, allowsPlainJwt: profile === 'oidc' };
    const isCount = Number.isSafeInteger(rememberedTokens) && rememberedTokens >= 0;
    if (!isCount || rememberedTokens > MOST_REMEMBERED_TOKENS) {
      throw new TypeError(`rememberedTokens is not a number from 0 to ${MOST_REMEMBERED_TOKENS}`);
    }
    this.verified = new VerifiedTokens(rememberedTokens);
    const admission = (this.admission = new Admission(options));
    this.references =
      source &&
      new ReferenceTokenVerifier({ source, expected: options, admission, rememberedTokens });
  }

  /**
   * Verifies a token and returns its principal. Synchronous, unless the issuer is needed for
   * the key of a JWT or for the claims of a reference token.
   *
   * @param maxStalenessMs How old the revocation list may be for this request. Default: the limit
   *   of the list. `Infinity`: any age. A list that was never read is always refused.
   * @throws TokenError any code but `token_missing`. The promise rejects with the same, or with the
   *   error of the source of reference tokens.
   */
  verify(token: string, maxStalenessMs?: number): Principal | Promise<Principal> {
    const { verdicts } = this;
    try {
      // From JavaScript: a missing header, or one that a framework gives as an array.
      if (typeof (token as unknown) !== 'string') {
        throw new TokenError('token_invalid', 'the token is not a string');
      }
      const known = this.recall(token);
      const admitted = known
        ? this.admission.admit(known, maxStalenessMs)
        : this.judge(token, maxStalenessMs);
      if (isPromise(admitted)) return verdicts.ofPromise(admitted.then(principalOf));
      verdicts.byVerdict.accepted += 1;
      return admitted.principal;
    } catch (error) {
      verdicts.noteRefusal(error);
      throw error;
    }
  }

  /**
   * Follows an accepted token for longer than its request. The token is verified once more, which
   * is not counted.
   *
   * @throws TokenError as `verify` does, with a list of any age
   */
  watch(token: string): TokenWatch | Promise<TokenWatch> {
    const judged = this.verified.find(token)?.proven ?? this.judge(token, Infinity);
    return isPromise(judged) ? judged.then((proven) => this.watchOf(proven)) : this.watchOf(judged);
  }

  private watchOf(proven: ProvenToken): TokenWatch {
    const { admission } = this;
    return {
      revocations: this.options.revocations,
      endsAtMs: () => admission.endsAtMs(proven),
      endedBy: () => admission.endOf(proven),
    };
  }

  /** How many verified JWTs are remembered, and how often that saved the check of a signature. */
  get remembered(): { readonly tokens: number; readonly uses: number } {
    return { tokens: this.verified.size, uses: this.rememberedUses };
  }

  /** Whether the JWT was verified before and may be accepted without a look at its signature. */
  remembers(token: string): boolean {
    return this.verified.find(token) !== undefined;
  }

  /** Whether it accepts reference tokens. */
  get takesReferenceTokens(): boolean {
    return this.references !== undefined;
  }

  /** A JWT that was verified before, with a key that the issuer still has. */
  private recall(token: string): ProvenToken | undefined {
    const seen = this.verified.find(token);
    if (seen === undefined) return undefined;
    const { key } = seen;
    if (this.options.keys.get(key.kid, key.algorithm) !== key) return undefined;
    this.rememberedUses += 1;
    return seen.proven;
  }

  /** Admits a token that is not remembered as verified. */
  private judge(
    token: string,
    maxStalenessMs: number | undefined,
  ): ProvenToken | Promise<ProvenToken> {
    if (isReferenceToken(token)) return this.verifyReference(token, maxStalenessMs);
    const { keys } = this.options;
    const jws = splitCompactJws(token);
    const { lastHeader } = this;
    const isLast = jws.header === lastHeader?.segment;
    const header = isLast ? lastHeader : readHeader(jws.header, this.headerRules);
    const { kid, algorithm } = header;
    const key = keys.get(kid, algorithm);
    if (key !== undefined) return this.verifyNew(jws, header, key, maxStalenessMs);
    // Split again, as other tokens were split meanwhile.
    return keys
      .find(kid, algorithm)
      .then((found) => this.verifyNew(splitCompactJws(token), header, found, maxStalenessMs));
  }

  private verifyReference(
    token: string,
    maxStalenessMs: number | undefined,
  ): ProvenToken | Promise<ProvenToken> {
    if (this.references) return this.references.verify(token, maxStalenessMs);
    throw new TokenError('token_invalid', 'a reference token, and no source of reference tokens');
  }

  private verifyNew(
    jws: CompactJws,
    header: TokenHeader,
    key: VerificationKey | undefined,
    maxStalenessMs: number | undefined,
  ): ProvenToken {
    if (key === undefined) throw new TokenError('token_invalid', 'kid names no key of the issuer');
    const { publicKey, algorithm = algorithmOf(publicKey) } = key;
    if (algorithm !== header.algorithm) {
      throw new TokenError('token_invalid', 'alg is not that of the key');
    }
    // Forged claims (threat:forged-claims): nothing of the payload is read before this line.
    if (!isSignedBy(publicKey, algorithm, jws)) {
      throw new TokenError('token_invalid', 'wrong signature');
    }
    if (jws.header !== this.lastHeader?.segment) {
      // A copy: a slice would keep the whole token in memory.
      const segment = Buffer.from(jws.header).toString();
      this.lastHeader = { segment, kid: key.kid, algorithm };
    }
    const nowSeconds = this.admission.nowSeconds();
    // Before `mapClaims`, in which a service may verify another token, in the same buffers.
    const token = jws.bytes.toString('latin1');
    const payload = parseJsonObject(jws.payload);
    const proven = provenToken(payload, this.options, key.kid, nowSeconds);
    this.admission.admit(proven, maxStalenessMs);
    this.verified.remember({ token, key, proven }, nowSeconds);
    return proven;
  }
}

const principalOf = ({ principal }: ProvenToken): Principal => principal;
