import { Uuid } from '@jwt-auth/chassis';
import { z } from 'zod';

import { Audience, RoleName } from '../access/access.schema.js';
import { Kid } from '../keys/keys.schema.js';
import { TOKEN_REQUEST } from '../tokens/token-request.schema.js';
import { MfaDemand } from './login.schema.js';
import type { Session } from './session.entity.js';

/** What an access token response says (RFC 6749 section 5.1). */
export const TokenResponse = z
  .object({
    access_token: z.string(),
    token_type: z.literal('Bearer'),
    /** Seconds. */
    expires_in: z.int(),
    refresh_token: z.string(),
    /** Seconds until the refresh token dies of disuse, or with its session. */
    refresh_expires_in: z.int(),
    scope: z.string(),
  })
  .meta({ id: 'TokenResponse' });
export type TokenResponse = z.infer<typeof TokenResponse>;

/** What a page knows its user by: an opaque token says nothing to it (RFC 6749 section 5.1: a further member). */
export const OPAQUE_TOKEN_CLAIMS = {
  access_token_claims: z
    .record(z.string(), z.unknown())
    .optional()
    .meta({ description: 'only with an opaque access token: the claims that a JWT would have' }),
};

/** The same where the refresh token is in a cookie. */
export const CookieTokenResponse = TokenResponse.omit({ refresh_token: true })
  .extend(OPAQUE_TOKEN_CLAIMS)
  .meta({ id: 'CookieTokenResponse' });
export type CookieTokenResponse = z.infer<typeof CookieTokenResponse>;

/** Tokens on their way to an answer. The claims of an opaque one are for pages alone. */
export type SessionTokens = TokenResponse & Pick<CookieTokenResponse, 'access_token_claims'>;

/** The answer to a client that keeps the refresh token itself. */
export function bodyAnswer({ access_token_claims: _, ...tokens }: SessionTokens): TokenResponse {
  return tokens;
}

export const SessionResponse = z.union([TokenResponse, CookieTokenResponse]);
export type SessionResponse = z.infer<typeof SessionResponse>;

/** A user with a second factor gets no session before that is proved. */
export const LoginResponse = z.union([TokenResponse, CookieTokenResponse, MfaDemand]);
export type LoginResponse = z.infer<typeof LoginResponse>;

export const RefreshRequest = z
  .object({
    /** Without it, the one in the cookie. So long that an access token, sent by mistake, gets 401 and not 400. */
    refresh_token: z.string().min(1).max(4096).optional(),
    /** Of the next access token alone. */
    ...TOKEN_REQUEST,
  })
  .meta({ id: 'RefreshRequest', example: { refresh_token: 'of the last answer' } })
  .default({});
export type RefreshRequest = z.infer<typeof RefreshRequest>;

export const SessionList = z
  .array(
    z.object({
      id: z.uuid(),
      createdAt: z.iso.datetime(),
      lastUsedAt: z.iso.datetime(),
      expiresAt: z.iso.datetime(),
      ip: z.string(),
      userAgent: z.string().nullable(),
      /** The one that asks. */
      current: z.boolean(),
    }),
  )
  .meta({ id: 'SessionList' });
export type SessionList = z.infer<typeof SessionList>;

/** @param currentId of the session that asks, if it is one */
export function sessionAnswer(session: Session, currentId?: string): SessionList[number] {
  return {
    id: session.id,
    createdAt: session.createdAt.toISOString(),
    lastUsedAt: session.lastUsedAt.toISOString(),
    expiresAt: session.expiresAt.toISOString(),
    ip: session.address,
    userAgent: session.userAgent,
    current: session.id === currentId,
  };
}

/** Each limits the count further. */
export const LiveTokensQuery = z.strictObject({
  userId: Uuid.optional(),
  sessionId: Uuid.optional(),
  kid: Kid.optional().meta({ description: 'those that were issued while this key signed' }),
  role: RoleName.optional().meta({ description: 'those of users who have this role' }),
  audience: Audience.optional(),
});
export type LiveTokensQuery = z.infer<typeof LiveTokensQuery>;

export const LiveTokens = z
  .object({
    count: z.int().meta({
      description: 'with those that were revoked by themselves, until they expire',
    }),
  })
  .meta({ id: 'LiveTokens' });
export type LiveTokens = z.infer<typeof LiveTokens>;
