export { asCaller, type Caller, type CallerHeaders } from '../test-issuer/caller.js';
export { checkResourceServer, type CheckOptions } from '../attack/check-resource-server.js';
export {
  type AttackResult,
  type CheckReport,
  formatReport,
  type Outcome,
  type ReportFormat,
} from '../attack/report.js';
export type { IssuerEndpoint, IssuerFault } from '../test-issuer/issuer-server.js';
export {
  type JwtCoreTestingDefinition,
  JwtCoreTestingModule,
  type JwtCoreTestingOptions,
} from './jwt-core-testing.module.js';
export {
  MemoryRevocationSource,
  type MemoryRevocationSourceOptions,
  type NewRevocation,
} from '../test-issuer/memory-revocation-source.js';
export type { ServiceUnderTest } from '../test-issuer/service-under-test.js';
export type { TestClient } from '../test-issuer/oauth-endpoints.js';
export { generateSigningKey, type Mint, type SigningKey } from '../test-issuer/access-token.js';
export { TestClock } from '../test-issuer/test-clock.js';
export { TestIssuer, type TestIssuerOptions } from '../test-issuer/test-issuer.js';
