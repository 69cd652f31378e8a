export type { IssuerEndpoint, IssuerFault } from './issuer-server.js';
export {
  MemoryRevocationSource,
  type MemoryRevocationSourceOptions,
} from './memory-revocation-source.js';
export type { TestClient } from './oauth-endpoints.js';
export { generateSigningKey, type SigningKey } from './access-token.js';
export { TestClock } from './test-clock.js';
export { type NewRevocation, TestIssuer, type TestIssuerOptions } from './test-issuer.js';
