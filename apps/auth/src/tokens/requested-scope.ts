import { SCOPE_LIST } from '@jwt-auth/jwt-core';
import { z } from 'zod';

/**
 * Scopes separated by spaces (RFC 6749 section 3.3). Empty text counts as omitted, as a parameter
 * without a value does in a form (section 3.1).
 */
export const RequestedScope = z
  .string()
  .max(1024)
  .regex(SCOPE_LIST, 'must be scopes separated by spaces')
  .regex(/^$|[^ ]/, 'must contain a scope')
  .transform((scope) => (scope === '' ? undefined : scope));
