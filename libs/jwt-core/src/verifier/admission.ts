import { revocableToken, type RevocableToken } from '../revocation/revocation-entries.js';
import { PRUNE_GRACE_SECONDS, type RevocationList } from '../revocation/revocation-list.js';
import { type Expected, type Principal, readClaims } from './claims.js';
import { readOidcClaims } from './oidc-claims.js';
import type { JsonObject } from './strict-json.js';
import { TokenError } from './token-error.js';

/**
 * A token that the issuer vouches for, by its signature or by introspection, with good claims, and
 * with everything that each use of it has to check.
 */
export interface ProvenToken {
  readonly principal: Principal;
  readonly revocable: RevocableToken;
  /** The later of `iat` and `nbf`, since the epoch. */
  readonly notBeforeSeconds: number;
  /** `exp`, since the epoch. */
  readonly expiresAtSeconds: number;
  /** The version of the revocation list in which it was last searched and not found. */
  absentFromVersion: number;
}

/**
 * @param nowSeconds since the epoch: the start of the life of a token without `iat`
 * @throws TokenError `token_invalid` for wrong claims
 */
export function provenToken(
  payload: JsonObject,
  expected: Expected,
  kid: string | undefined,
  nowSeconds: number,
): ProvenToken {
  const { principal, notBeforeSeconds, tokenVersion } =
    expected.profile === 'oidc'
      ? readOidcClaims(payload, expected, nowSeconds)
      : readClaims(payload, expected);
  return {
    principal,
    revocable: revocableToken(principal, kid, tokenVersion),
    notBeforeSeconds,
    expiresAtSeconds: principal.expiresAt,
    absentFromVersion: -1,
  };
}

export const DEFAULT_CLOCK_TOLERANCE_SECONDS = 5;

export interface AdmissionOptions {
  readonly revocations: RevocationList;
  /** Clock tolerance for `exp`, `nbf` and `iat`: from 0 to under 60, default 5. */
  readonly clockToleranceSeconds?: number | undefined;
  /** The wall clock, in milliseconds since the epoch. */
  readonly now?: (() => number) | undefined;
}

/** The checks of every token at each use: its times, and the revocation list. */
export class Admission {
  private readonly revocations: RevocationList;
  private readonly toleranceSeconds: number;
  private readonly now: () => number;

  /** @throws TypeError if the tolerance would make a check pass for every token */
  constructor(options: AdmissionOptions) {
    const { revocations, now = Date.now } = options;
    const { clockToleranceSeconds = DEFAULT_CLOCK_TOLERANCE_SECONDS } = options;
    // With a longer one a revocation could be forgotten before its token is refused as expired.
    // Written so that NaN fails, with which no token would ever expire.
    if (!(clockToleranceSeconds >= 0 && clockToleranceSeconds < PRUNE_GRACE_SECONDS)) {
      throw new TypeError(`clockToleranceSeconds is not from 0 to under ${PRUNE_GRACE_SECONDS}`);
    }
    this.revocations = revocations;
    this.toleranceSeconds = clockToleranceSeconds;
    this.now = now;
  }

  /** The time in seconds since the epoch, with fractions. */
  nowSeconds(): number {
    return this.now() / 1000;
  }

  /**
   * Whether `exp` is past by more than the tolerance, or by so much that a revocation of the token
   * may have been forgotten: after the clock was set back, such a token must not be accepted again.
   */
  hasExpired({ expiresAtSeconds }: ProvenToken, nowSeconds = this.nowSeconds()): boolean {
    return (
      expiresAtSeconds <= nowSeconds - this.toleranceSeconds ||
      expiresAtSeconds < this.revocations.forgottenBefore
    );
  }

  /**
   * Returns the token if it may be used now.
   *
   * @param maxStalenessMs see `AccessTokenVerifier.verify`
   * @throws TokenError `token_invalid`, `token_expired`, `token_revoked`, `revocations_stale`
   */
  admit(token: ProvenToken, maxStalenessMs: number | undefined): ProvenToken {
    const nowSeconds = this.nowSeconds();
    if (token.notBeforeSeconds > nowSeconds + this.toleranceSeconds) {
      throw new TokenError('token_invalid', 'iat or nbf is ahead');
    }
    if (this.hasExpired(token, nowSeconds)) throw new TokenError('token_expired', 'exp is past');
    // Replay (threat:replay) of a stolen or logged-out token. Before freshness: a token known to be
    // revoked stays revoked, even with an old list.
    if (this.isRevoked(token)) throw new TokenError('token_revoked', 'revoked');
    // Cutting a service off its feed (threat:cutting-a-service-off-its-feed) gains only a 503.
    if (!this.revocations.isFresh(maxStalenessMs)) {
      throw new TokenError('revocations_stale', 'the revocation list is too old');
    }
    return token;
  }

  /** Why an admitted token would be refused now, regardless of the age of the list. */
  endOf(token: ProvenToken): TokenError | undefined {
    if (this.hasExpired(token)) return new TokenError('token_expired', 'exp is past');
    return this.isRevoked(token) ? new TokenError('token_revoked', 'revoked') : undefined;
  }

  /** When a token ends if it is not revoked, in milliseconds since the epoch. */
  endsAtMs({ expiresAtSeconds }: ProvenToken): number {
    return (expiresAtSeconds + this.toleranceSeconds) * 1000;
  }

  private isRevoked(token: ProvenToken): boolean {
    const { version } = this.revocations;
    if (token.absentFromVersion === version) return false;
    if (this.revocations.isRevoked(token.revocable)) return true;
    token.absentFromVersion = version;
    return false;
  }
}
