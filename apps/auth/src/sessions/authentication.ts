import type { FactorMethod } from '../factors/second-factors.js';

/** How a user proved who they are (RFC 8176). `mfa`: by several of different kinds. */
export type AuthenticationMethod = 'pwd' | FactorMethod;

/** When and how the user of a session last proved who they are. */
export interface Authentication {
  readonly authenticatedAt: Date;
  readonly amr: readonly AuthenticationMethod[];
}

export const BY_PASSWORD: readonly AuthenticationMethod[] = ['pwd'];
