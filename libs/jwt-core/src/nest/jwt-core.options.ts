import type { AppOptions } from './app-options.js';
import type { VerifierOptions } from '../runtime/verifier-options.js';

/** The options of `JwtCoreModule`. Only `issuer` and `audience` are required, or `issuers`. */
export type JwtCoreOptions = VerifierOptions & AppOptions;
