import type { AccessTokenVerifier, TokenWatch } from './access-token-verifier.js';
import { MAX_TOKEN_BYTES } from './compact-jws.js';
import type { Principal } from './claims.js';
import { isReferenceToken } from './reference-token-verifier.js';
import { TokenError } from './token-error.js';
import { VerdictCounts } from './verdict-counts.js';
import { isPromise } from './is-promise.js';

/** What verifies tokens: of one issuer, or of several. */
export type TokenVerifier = Pick<
  AccessTokenVerifier,
  'verify' | 'watch' | 'verdicts' | 'remembered'
>;

/**
 * Verifies the access tokens of several issuers, each by the verifier of its own, with keys,
 * revocations and memory of its own. The `iss` of a token that was not verified yet chooses the
 * verifier, which then compares it after the signature: a false `iss` only leads to a verifier that
 * refuses the token (threat:issuer-mix-up).
 */
export class IssuersVerifier implements TokenVerifier {
  /** Counts the results so far, of all issuers and of tokens of none. */
  readonly verdicts = new VerdictCounts();
  private readonly verifiers: readonly AccessTokenVerifier[];

  /** @param byIssuer one of them at most resolves reference tokens, which name no issuer */
  constructor(private readonly byIssuer: ReadonlyMap<string, AccessTokenVerifier>) {
    this.verifiers = [...byIssuer.values()];
  }

  /** @see AccessTokenVerifier.verify */
  verify(token: string, maxStalenessMs?: number): Principal | Promise<Principal> {
    try {
      const judged = this.verifierOf(token).verify(token, maxStalenessMs);
      if (isPromise(judged)) return this.verdicts.ofPromise(judged);
      this.verdicts.byVerdict.accepted += 1;
      return judged;
    } catch (error) {
      this.verdicts.noteRefusal(error);
      throw error;
    }
  }

  /** @see AccessTokenVerifier.watch */
  watch(token: string): TokenWatch | Promise<TokenWatch> {
    return this.verifierOf(token).watch(token);
  }

  /** Of all issuers. */
  get remembered(): { readonly tokens: number; readonly uses: number } {
    const each = this.verifiers.map(({ remembered }) => remembered);
    return {
      tokens: each.reduce((sum, { tokens }) => sum + tokens, 0),
      uses: each.reduce((sum, { uses }) => sum + uses, 0),
    };
  }

  private verifierOf(token: unknown): AccessTokenVerifier {
    if (typeof token !== 'string')
      throw new TokenError('token_invalid', 'the token is not a string');
    // To parse the claims of each token would cost several times a look-up.
    const known = this.verifiers.find((verifier) => verifier.remembers(token));
    if (known !== undefined) return known;
    const chosen = isReferenceToken(token)
      ? this.verifiers.find(({ takesReferenceTokens }) => takesReferenceTokens)
      : this.byIssuer.get(claimedIssuer(token) as string);
    if (chosen !== undefined) return chosen;
    throw new TokenError('token_invalid', 'iss names no issuer of this service');
  }
}

/**
 * The `iss` that a JWT claims. Nothing of it has been checked. `undefined` if it cannot be read.
 */
function claimedIssuer(token: string): unknown {
  // Oversized tokens (threat:oversized-tokens)
  if (token.length > MAX_TOKEN_BYTES) return undefined;
  const payload = token.split('.', 2)[1] ?? '';
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as unknown;
    return (claims as { iss?: unknown } | null)?.iss;
  } catch {
    return undefined;
  }
}
