import { z } from 'zod';

import { FACTOR_PROOF, proofsIn } from '../factors/factors.schema.js';
import { TypedPassword } from '../credentials/passwords.js';
import { TOKEN_REQUEST } from '../tokens/token-request.schema.js';
import { OPAQUE_TOKEN_CLAIMS, TokenResponse } from './sessions.schema.js';

/** A password, a second factor, or both. */
export const StepUpRequest = z
  .object({
    password: TypedPassword.min(1).optional(),
    ...FACTOR_PROOF,
    ...TOKEN_REQUEST,
  })
  .refine((request) => request.password !== undefined || proofsIn(request) > 0, {
    path: ['password'],
    error: 'is missing, and so is a second factor',
  })
  .refine((request) => proofsIn(request) <= 1, {
    path: ['code'],
    error: 'expected at most one second factor',
  })
  .meta({ id: 'StepUpRequest', example: { code: '123456' } });
export type StepUpRequest = z.infer<typeof StepUpRequest>;

/** A further access token of the session. Its refresh token stays as it is. */
export const StepUpResponse = TokenResponse.omit({
  refresh_token: true,
  refresh_expires_in: true,
})
  .extend(OPAQUE_TOKEN_CLAIMS)
  .meta({ id: 'StepUpResponse' });
export type StepUpResponse = z.infer<typeof StepUpResponse>;
