import type { Claims } from './own-claims.js';

/**
 * What an access token says of its user, besides `sub`. No member is optional, so that none is
 * forgotten where a token is issued: the type of a claim that may be absent has `| undefined`.
 */
export type UserClaims = {
  /** When the user last proved who they are (RFC 9068 section 2.2.1, RFC 9470). */
  readonly auth_time: number;
  /** By which means (RFC 8176). */
  readonly amr: readonly string[];
  /** How well: `mfa` with a second factor. */
  readonly acr: 'pwd' | 'mfa';
};

/**
 * What an access token of this issuer says (RFC 9068 section 2.2): the payload of a JWT, or what is
 * stored beside the hash of a reference token.
 */
export type AccessTokenClaims = Partial<UserClaims> & {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string | readonly string[];
  readonly client_id: string;
  /** Seconds since the epoch, like `exp`. */
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
  /** The number of the client's newest revocation when the token was issued. */
  readonly token_version: number;
  /** Absent when a service calls for itself. */
  readonly sid?: string;
  readonly scope: string;
  readonly roles: readonly string[];
  /** What is known of the subject beyond the standard, if anything is. */
  readonly claims?: Claims;
};
