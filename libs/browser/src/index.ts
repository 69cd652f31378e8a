export { createSession } from './session.js';
export type { Session, SessionOptions } from './session.js';
export { SessionError } from './auth-server.js';
export type { Credentials, Problem, Proof } from './auth-server.js';
export type { Principal } from './principal.js';
