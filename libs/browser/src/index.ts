export { createSession } from './session.js';
export type { Session, SessionOptions } from './session.js';
export { SecondFactorError, SessionError } from './auth-server.js';
export type {
  Credentials,
  FactorProof,
  PasskeyCredentials,
  Problem,
  Proof,
  SecondFactorDemand,
} from './auth-server.js';
export type { Principal } from './principal.js';
