// The entry `@jwt-auth/jwt-core/verifier`. Its parts are in `runtime/`, `verifier/`, `keys/` and
// others.
export { createVerifier, type CreateVerifierOptions, type Verifier } from './create-verifier.js';
export { bearerToken, type FetchHeaders, type NodeRequest } from '../http/bearer-token.js';
export { problemOf, type InputFault, type ProblemAnswer } from '../http/problem.js';

export type { IssuerOptions } from '../runtime/issuer-options.js';
export type { VerifierOptions } from '../runtime/verifier-options.js';
export type { Principal, TokenProfile } from '../verifier/claims.js';
export type { MapClaims, MappedClaims } from '../verifier/mapped-claims.js';
export type { SigningAlgorithm } from '../verifier/signature.js';
export type { JwtCoreCheck, JwtCoreReadiness } from '../runtime/readiness.js';
export type {
  IssuerStatistics,
  JwtCoreStatistics,
  KeySetStatistics,
  ReachListener,
  RevocationListStatistics,
} from '../runtime/statistics.js';
export type { JwtCoreLog } from '../issuer/log.js';

export { TokenError, type TokenErrorCode } from '../verifier/token-error.js';
export {
  AccessError,
  demandAccess,
  type AccessDemands,
  type AccessErrorCode,
  type AuthenticationDemands,
} from '../verifier/access.js';
export type { KeySet, VerificationKey } from '../verifier/key-set.js';
export type { ReferenceTokenSource } from '../verifier/reference-token-verifier.js';
export type { Verdict } from '../verifier/verdict-counts.js';

export type { Revocation, RevocationKind } from '../revocation/revocation.js';
export {
  RevocationSourceError,
  type ReadOptions,
  type RevocationBatch,
  type RevocationSource,
  type RevocationSourceErrorCode,
} from '../revocation/revocation-source.js';
