import type { KeySet, VerificationKey } from '../keys/key-set.js';
import { compactId } from '../revocation/compact-id.js';
import { pruneGraceSeconds, type RevocationList } from '../revocation/revocation-list.js';
import { readClaims } from './claims.js';
import { type CompactJws, splitCompactJws } from './compact-jws.js';
import { readHeader } from './jws-header.js';
import { KnownHeaders } from './known-headers.js';
import type { Principal } from './principal.js';
import { isSignedBy } from './signature.js';
import { parseJsonObject } from './strict-json.js';
import { TokenError } from './token-error.js';
import { type VerifiedToken, VerifiedTokens } from './verified-tokens.js';

export interface AccessTokenVerifierOptions {
  /** The one `iss` that is accepted. */
  readonly issuer: string;
  /** What this service calls itself: `aud` must be or contain it. */
  readonly audience: string;
  readonly keys: KeySet;
  readonly revocations: RevocationList;
  /** By how much `exp`, `nbf` and `iat` may miss this machine's clock: under 60, default 5. */
  readonly clockToleranceSeconds?: number;
  /** How many verified tokens to remember. Default 10,000; 0 remembers none. */
  readonly rememberedTokens?: number;
  /** The wall clock, in milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * Verifies access tokens: JWS compact (RFC 7515), RS256, with the claims of RFC 9068, along the
 * lines of RFC 8725. No check can be switched off.
 */
export class AccessTokenVerifier {
  private readonly headers = new KnownHeaders();
  private readonly verified: VerifiedTokens;
  private readonly toleranceSeconds: number;
  private readonly now: () => number;

  /** @throws TypeError when an option would make a check pass for everybody. */
  constructor(private readonly options: AccessTokenVerifierOptions) {
    const { issuer, audience, clockToleranceSeconds = 5, rememberedTokens = 10_000 } = options;
    if (!issuer || !audience) throw new TypeError('issuer and audience are required');
    // Longer than that, and a revocation could be forgotten before its token is refused as expired.
    // Written so that NaN fails: with it, "has expired" would never be true.
    if (!(clockToleranceSeconds >= 0 && clockToleranceSeconds < pruneGraceSeconds)) {
      throw new TypeError(`clockToleranceSeconds is not from 0 to under ${pruneGraceSeconds}`);
    }
    if (!Number.isSafeInteger(rememberedTokens) || rememberedTokens < 0) {
      throw new TypeError('rememberedTokens is not a number of tokens');
    }
    this.verified = new VerifiedTokens(rememberedTokens);
    this.toleranceSeconds = clockToleranceSeconds;
    this.now = options.now ?? Date.now;
  }

  /**
   * Who carries this token. Answers synchronously, and with a promise only when the issuer must be
   * asked for the key.
   *
   * @param maxStalenessMs How old the revocation list may be for this request: by default as old as
   *   the list itself allows, `Infinity` for any age. A list that was never read is never enough.
   * @throws TokenError every code but `token_missing`. The promise rejects with the same.
   */
  verify(token: string, maxStalenessMs?: number): Principal | Promise<Principal> {
    const { keys } = this.options;
    const seen = this.verified.find(token);
    if (seen !== undefined && keys.get(seen.kid) === seen.key) {
      return this.admit(seen, this.now() / 1000, maxStalenessMs);
    }
    const jws = splitCompactJws(token);
    const kid = this.headers.kidOf(jws.header) ?? readHeader(jws.header);
    const key = keys.get(kid);
    if (key !== undefined) return this.verifyNew(jws, key, maxStalenessMs);
    // Taken apart again, as other tokens will have been meanwhile.
    return keys
      .find(kid)
      .then((found) => this.verifyNew(splitCompactJws(token), found, maxStalenessMs));
  }

  private verifyNew(
    jws: CompactJws,
    key: VerificationKey | undefined,
    maxStalenessMs: number | undefined,
  ): Principal {
    if (key === undefined) throw new TokenError('token_invalid', 'kid names no key of the issuer');
    // Forged claims: nothing of the payload is read before this line.
    if (!isSignedBy(key.publicKey, jws)) throw new TokenError('token_invalid', 'wrong signature');
    this.headers.remember(jws.header, key.kid);
    const verified = this.readVerified(jws, key);
    const nowSeconds = this.now() / 1000;
    const principal = this.admit(verified, nowSeconds, maxStalenessMs);
    this.verified.remember(verified, nowSeconds);
    return principal;
  }

  private readVerified({ bytes, payload }: CompactJws, key: VerificationKey): VerifiedToken {
    const { principal, notBefore } = readClaims(parseJsonObject(payload), this.options);
    const { tokenId, sessionId, clientId, issuedAt, expiresAt } = principal;
    return {
      token: bytes.toString('latin1'),
      principal,
      kid: key.kid,
      key,
      clientId,
      tokenId: compactId(tokenId),
      sessionId: sessionId === undefined ? undefined : compactId(sessionId),
      issuedAt,
      notBefore,
      expiresAt,
      absentFromVersion: -1,
    };
  }

  /** What must be asked at each use: the clock, and the revocation list. */
  private admit(
    verified: VerifiedToken,
    nowSeconds: number,
    maxStalenessMs: number | undefined,
  ): Principal {
    if (verified.notBefore > nowSeconds + this.toleranceSeconds) {
      throw new TokenError('token_invalid', 'iat or nbf is ahead');
    }
    if (verified.expiresAt <= nowSeconds - this.toleranceSeconds) {
      throw new TokenError('token_expired', 'exp is past');
    }
    // Replay of a stolen or logged-out token. Before freshness: a token known to be dead stays dead,
    // however old the list is.
    if (this.isRevoked(verified)) throw new TokenError('token_revoked', 'revoked');
    // Cutting a service off its feed gains an attacker nothing but a 503.
    if (!this.options.revocations.isFresh(maxStalenessMs)) {
      throw new TokenError('revocations_stale', 'the revocation list is too old');
    }
    return verified.principal;
  }

  private isRevoked(verified: VerifiedToken): boolean {
    const { revocations } = this.options;
    const { version } = revocations;
    if (verified.absentFromVersion === version) return false;
    if (revocations.isRevoked(verified)) return true;
    verified.absentFromVersion = version;
    return false;
  }
}
