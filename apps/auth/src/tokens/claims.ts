import { z } from 'zod';

import type { CustomClaims } from '../custom-claims.js';
import type { User } from '../users/user.entity.js';

/**
 * What the access token of a login says of its user, besides `sub`. A token that a client has for itself
 * has none of it. No member is optional, so that none is forgotten where a token is issued: a claim that may
 * be absent is `z.union([…, z.undefined()])`.
 */
const LoginClaims = z.object({
  /** When the user last proved who they are (RFC 9068 section 2.2.1, RFC 9470). */
  auth_time: z.int(),
  /** By which means (RFC 8176). */
  amr: z.array(z.string()).readonly(),
  /** How well: `mfa` with a second factor. */
  acr: z.enum(['pwd', 'mfa']),
});
export type LoginClaims = Readonly<z.infer<typeof LoginClaims>>;

/** A user who is logged in. */
interface Login {
  readonly user: User;
  /** When the user last proved who they are. */
  readonly authenticatedAt: Date;
  readonly amr: readonly string[];
}

/** A claim from a column of users is made here. */
export function loginClaimsOf({ authenticatedAt, amr }: Login): LoginClaims {
  return {
    auth_time: Math.floor(+authenticatedAt / 1000),
    amr,
    acr: amr.includes('mfa') ? 'mfa' : 'pwd',
  };
}

/**
 * What an access token of this issuer says (RFC 9068 section 2.2): the payload of a JWT, what is stored
 * beside the hash of a reference token, and what introspection answers.
 */
export const AccessTokenClaims = z.object({
  iss: z.string(),
  sub: z.string(),
  aud: z.union([z.string(), z.array(z.string()).readonly()]),
  client_id: z.string(),
  /** Seconds since the epoch, like `exp`. */
  iat: z.int(),
  exp: z.int(),
  jti: z.string(),
  /** The number of the client's newest revocation when the token was issued. */
  token_version: z.int(),
  /** Absent when a service calls for itself. */
  sid: z.string().optional(),
  ...LoginClaims.partial().shape,
  scope: z.string(),
  roles: z.array(z.string()).readonly(),
  /** What is known of the subject beyond the standard, if anything is. */
  claims: (z.record(z.string(), z.unknown()) as unknown as z.ZodType<CustomClaims>).optional(),
});
export type AccessTokenClaims = Readonly<z.infer<typeof AccessTokenClaims>>;
