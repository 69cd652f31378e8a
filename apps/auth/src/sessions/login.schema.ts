import { z } from 'zod';

import { RequestedResource, RequestedScope, TokenFormat } from '../tokens/token-request.schema.js';
import { TypedPassword } from '../passwords.js';
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
