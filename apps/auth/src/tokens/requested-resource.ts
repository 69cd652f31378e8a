import { z } from 'zod';

/**
 * The audience that a token is asked for (RFC 8707 section 2). One that there is not is answered with
 * `invalid_target`, whatever it looks like. Empty text counts as omitted, as for a scope.
 */
export const RequestedResource = z
  .string()
  .transform((resource) => (resource === '' ? undefined : resource));
