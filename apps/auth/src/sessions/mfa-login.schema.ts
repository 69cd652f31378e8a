import { z } from 'zod';

import { FACTOR_PROOF, proofsIn } from '../factors/factors.schema.js';
import { PasskeyOptions } from '../factors/passkey.schema.js';

export const MfaLoginRequest = z
  .object({ ticket: z.string().min(1).max(512), ...FACTOR_PROOF })
  .refine((request) => proofsIn(request) === 1, {
    path: ['code'],
    error: 'expected one second factor: code, recoveryCode or passkey',
  })
  .meta({ id: 'MfaLoginRequest', example: { ticket: 'of the login', code: '123456' } });
export type MfaLoginRequest = z.infer<typeof MfaLoginRequest>;

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
