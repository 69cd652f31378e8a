import type { FactorMethod } from '../factors/second-factors.js';

/** How a user proved who they are (RFC 8176). `mfa`: by several of different kinds. */
export type AuthenticationMethod = 'pwd' | FactorMethod;

/** When and how the user of a session last proved who they are. */
export interface Authentication {
  readonly authenticatedAt: Date;
  readonly amr: readonly AuthenticationMethod[];
}

export const BY_PASSWORD: readonly AuthenticationMethod[] = ['pwd'];

/** What tokens say of it (RFC 9068 section 2.2.1). */
export function authenticationClaims({ authenticatedAt, amr }: Authentication) {
  return {
    auth_time: Math.floor(+authenticatedAt / 1000),
    amr,
    acr: amr.includes('mfa') ? 'mfa' : 'pwd',
  } as const;
}
