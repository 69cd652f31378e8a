import { SCOPE_LIST } from '@jwt-auth/jwt-core';
import { z } from 'zod';

/**
 * Scopes separated by spaces (RFC 6749 section 3.3). Empty text counts as omitted, as a parameter
 * without a value does in a form (section 3.1).
 */
const RequestedScope = z
  .string()
  .max(1024)
  .regex(SCOPE_LIST, 'must be scopes separated by spaces')
  .regex(/^$|[^ ]/, 'must contain a scope')
  .transform((scope) => (scope === '' ? undefined : scope));

/**
 * The audience that a token is asked for (RFC 8707 section 2). One that there is not is answered with
 * `invalid_target`, whatever it looks like. Empty text counts as omitted, as for a scope.
 */
const RequestedResource = z
  .string()
  .transform((resource) => (resource === '' ? undefined : resource));

/**
 * The kinds of access token that can be asked for.
 *
 * - `jwt`: every service verifies it alone. Where it would exceed 1 KiB, a `reference` comes instead.
 * - `reference`: an opaque text. Introspection answers for whom and what it is.
 */
export const TokenFormat = z.enum(['jwt', 'reference']);
export type TokenFormat = z.infer<typeof TokenFormat>;

/** What may be asked of an access token, wherever one is issued. */
export const TOKEN_REQUEST = {
  /** Of what the user or the session may do, only this (RFC 6749 sections 3.3 and 6). */
  scope: RequestedScope.optional(),
  /** Its audience. A session that was started for one has tokens for no other. */
  resource: RequestedResource.optional(),
  /** Default: `jwt`. */
  token_format: TokenFormat.optional(),
};
export type TokenRequest = z.infer<z.ZodObject<typeof TOKEN_REQUEST>>;
