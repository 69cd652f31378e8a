export { createSession } from './session.js';
export { SecondFactorError, SessionError } from './api.js';
export type {
  Credentials,
  FactorProof,
  PasskeyCredentials,
  Problem,
  Proof,
  SecondFactorDemand,
  Session,
  SessionOptions,
} from './api.js';
export type { Principal } from './principal.js';
