export type { JsonObject } from './verifier/strict-json.js';
export { MAX_TOKEN_LIFETIME_MS, type Principal, type TokenProfile } from './verifier/claims.js';
export type { MapClaims, MappedClaims } from './verifier/mapped-claims.js';
export type { SigningAlgorithm } from './verifier/signature.js';
export type { TokenVerifier } from './verifier/issuers-verifier.js';
export { SCOPE, SCOPE_LIST, splitScope } from './verifier/claim-values.js';
export { TokenError, type TokenErrorCode } from './verifier/token-error.js';
export { VerdictCounts, type Verdict } from './verifier/verdict-counts.js';
export {
  AccessTokenVerifier,
  type AccessTokenVerifierOptions,
} from './verifier/access-token-verifier.js';

export type { JwtCoreLog } from './issuer/log.js';

export { IssuerError, type IssuerErrorCode } from './issuer/issuer-error.js';
export { isLoopback } from './issuer/issuer-address.js';
export {
  type IssuerEndpoints,
  IssuerMetadata,
  type IssuerMetadataOptions,
} from './issuer/issuer-metadata.js';

export { KeySet, type VerificationKey } from './verifier/key-set.js';
export type { KeySetState } from './keys/key-set-report.js';
export {
  MAX_JWKS_STALE_SECONDS,
  RemoteKeySet,
  type RemoteKeySetOptions,
} from './keys/remote-key-set.js';
export { jwksFingerprint } from './keys/jwks-fingerprint.js';

export {
  ClientCredentialsToken,
  type ClientCredentialsTokenOptions,
} from './client/client-credentials-token.js';
export { ClientTokenError, type ClientTokenErrorCode } from './client/token-endpoint.js';

export {
  isReferenceToken,
  type ReferenceTokenSource,
} from './verifier/reference-token-verifier.js';

export {
  REVOCATION_KINDS,
  REVOCATION_TARGETS,
  type Revocation,
  type RevocationKind,
} from './revocation/revocation.js';
export { compactId, type CompactId } from './revocation/compact-id.js';
export {
  MAX_CLOCK_TOLERANCE_SECONDS,
  PRUNE_GRACE_SECONDS,
  type RevocableToken,
  RevocationList,
  type RevocationListOptions,
  type RevocationListState,
} from './revocation/revocation-list.js';
export {
  MAX_WAIT_SECONDS,
  type ReadOptions,
  type RevocationBatch,
  type RevocationSource,
  RevocationSourceError,
  type RevocationSourceErrorCode,
} from './revocation/revocation-source.js';
export {
  FOLLOWER_NAME_FORM,
  type FollowerIdentity,
  isFollowerName,
  HttpRevocationSource,
} from './revocation/http-revocation-source.js';
export {
  RevocationFollower,
  type RevocationFollowerOptions,
} from './revocation/revocation-follower.js';

export { JwtCoreModule } from './nest/jwt-core.module.js';
export type { IssuerOptions } from './runtime/issuer-options.js';
export { JwtCoreReadiness, type JwtCoreCheck } from './runtime/readiness.js';
export {
  type IssuerStatistics,
  JwtCoreStatistics,
  type KeySetStatistics,
  type ReachListener,
  type RevocationListStatistics,
} from './runtime/statistics.js';
export { JwtGuard } from './nest/jwt.guard.js';
export { AccessGuard } from './nest/access.guard.js';
export {
  AccessError,
  type AccessErrorCode,
  type AuthenticationDemands,
} from './verifier/access.js';

export type { AppOptions, Guard, JwtCoreOptions } from './nest/app-options.js';
export { principalSignal, TokenEnds } from './nest/token-ends.js';
export { Refusal, Refusals } from './nest/refusal.js';
export {
  type AuthenticatedRequest,
  Credentials,
  type RequestWithToken,
} from './nest/credentials.js';

export {
  AcceptStale,
  CurrentPrincipal,
  Freshness,
  type FreshnessLimit,
  type LoginAge,
  OptionalAuth,
  Public,
  RequireAcr,
  RequireRecentLogin,
  RequireRoles,
  RequireScopes,
} from './nest/decorators.js';

export { ProblemFilter, provideProblems, type ProblemOf } from './nest/problem.filter.js';
export {
  problemDocument,
  type InputFault,
  type Problem,
  type RefusalCause,
} from './http/problem.js';
