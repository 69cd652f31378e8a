import { z } from 'zod';

import { FACTOR_PROOF, proofsIn } from '../factors/factors.schema.js';
import { PasskeyAssertion, PasskeyOptions } from '../factors/passkey.schema.js';
import { TypedPassword } from '../passwords.js';
import { RequestedResource, RequestedScope, TokenFormat } from '../tokens/token-request.schema.js';
import { Email } from '../users/email.js';

export const LoginRequest = z
  .object({
    email: Email,
    password: TypedPassword.min(1),
    /** Of what the user may do, only this (RFC 6749 section 3.3). */
    scope: RequestedScope.optional(),
    /** The session is for this audience only (RFC 8707). Default: each refresh chooses. */
    resource: RequestedResource.optional(),
    /** Where the refresh token goes: into the body, or into a cookie that no script can read. */
    delivery: z.enum(['body', 'cookie']).default('body'),
    /** Of the access token. */
    token_format: TokenFormat.optional(),
  })
  .meta({ id: 'LoginRequest' });
export type LoginRequest = z.infer<typeof LoginRequest>;

/** The password was right, and a second factor is needed: no session yet, and no token. */
export const MfaDemand = z
  .object({
    mfa: z.object({
      ticket: z.string(),
      methods: z.array(z.enum(['totp', 'passkey', 'recovery-code'])),
      /** Seconds. */
      expiresIn: z.int(),
      /** For a user with a passkey: what a browser needs to sign with it. */
      passkey: PasskeyOptions.optional(),
    }),
  })
  .meta({ id: 'MfaDemand' });
export type MfaDemand = z.infer<typeof MfaDemand>;

/** The second step. */
export const MfaLoginRequest = z
  .object({ ticket: z.string().min(1).max(512), ...FACTOR_PROOF })
  .refine((request) => proofsIn(request) === 1, {
    path: ['code'],
    error: 'expected one second factor: code, recoveryCode or passkey',
  })
  .meta({ id: 'MfaLoginRequest', example: { ticket: 'of the login', code: '123456' } });
export type MfaLoginRequest = z.infer<typeof MfaLoginRequest>;

/** A login with a passkey alone. */
export const PasskeyLoginRequest = LoginRequest.omit({ email: true, password: true })
  .extend({ passkey: PasskeyAssertion })
  .meta({ id: 'PasskeyLoginRequest' });
export type PasskeyLoginRequest = z.infer<typeof PasskeyLoginRequest>;
