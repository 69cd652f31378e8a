import { z } from 'zod';

import { FACTOR_PROOF, ProofKind, proofsIn } from '../factors/factors.schema.js';
import { PasskeyAssertion, PasskeyOptions } from '../factors/passkey.schema.js';
import { TypedPassword } from '../credentials/passwords.js';
import { TOKEN_REQUEST } from '../tokens/token-request.schema.js';
import { Email } from '../credentials/email.js';

export const LoginRequest = z
  .object({
    email: Email,
    password: TypedPassword.min(1),
    /** Its scope and resource bound the whole session. Each refresh chooses its own format. */
    ...TOKEN_REQUEST,
    /** Where the refresh token goes: into the body, or into a cookie that no script can read. */
    delivery: z.enum(['body', 'cookie']).default('body'),
  })
  .meta({ id: 'LoginRequest' });
export type LoginRequest = z.infer<typeof LoginRequest>;

/** The password was right, and a second factor is needed: no session yet, and no token. */
export const MfaDemand = z
  .object({
    mfa: z.object({
      ticket: z.string(),
      methods: z.array(ProofKind),
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
