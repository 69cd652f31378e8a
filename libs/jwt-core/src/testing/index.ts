export { asCaller, type Caller, type CallerHeaders } from './caller.js';
export { checkResourceServer, type CheckOptions } from '../attack/check-resource-server.js';
export {
  type AttackResult,
  type CheckReport,
  formatReport,
  type Outcome,
  type ReportFormat,
} from '../attack/report.js';
export type { IssuerEndpoint, IssuerFault } from './issuer-server.js';
export {
  type JwtCoreTestingDefinition,
  JwtCoreTestingModule,
  type JwtCoreTestingOptions,
} from './jwt-core-testing.module.js';
export {
  MemoryRevocationSource,
  type MemoryRevocationSourceOptions,
  type NewRevocation,
} from './memory-revocation-source.js';
export type { ServiceUnderTest } from './service-under-test.js';
export type { TestClient } from './oauth-endpoints.js';
export { generateSigningKey, type Mint, type SigningKey } from './access-token.js';
export { TestClock } from './test-clock.js';
export { TestIssuer, type TestIssuerOptions } from './test-issuer.js';
