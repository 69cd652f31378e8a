import { z } from 'zod';

import { RequestedScope } from '../tokens/requested-scope.js';
import { TokenFormat } from '../tokens/token-format.js';
import { TypedPassword } from '../passwords.js';
import { Email } from '../users/email.js';

export const LoginRequest = z
  .object({
    email: Email,
    password: TypedPassword.min(1),
    /** Of what the user may do, only this (RFC 6749 section 3.3). */
    scope: RequestedScope.optional(),
    /** Of the access token. */
    token_format: TokenFormat.optional(),
  })
  .meta({ id: 'LoginRequest' });
export type LoginRequest = z.infer<typeof LoginRequest>;
