import { z } from 'zod';

import { TypedPassword } from '../passwords.js';
import { RequestedResource } from '../tokens/requested-resource.js';
import { RequestedScope } from '../tokens/requested-scope.js';
import { TokenFormat } from '../tokens/token-format.js';

export const StepUpRequest = z
  .object({
    password: TypedPassword.min(1),
    scope: RequestedScope.optional(),
    resource: RequestedResource.optional(),
    token_format: TokenFormat.optional(),
  })
  .meta({ id: 'StepUpRequest' });
export type StepUpRequest = z.infer<typeof StepUpRequest>;

/** A further access token of the session. Its refresh token stays as it is. */
export const StepUpResponse = z
  .object({
    access_token: z.string(),
    token_type: z.literal('Bearer'),
    /** Seconds. */
    expires_in: z.int(),
    scope: z.string(),
  })
  .meta({ id: 'StepUpResponse' });
export type StepUpResponse = z.infer<typeof StepUpResponse>;
