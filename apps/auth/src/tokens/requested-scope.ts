import { SCOPE_LIST } from '@jwt-auth/jwt-core';
import { z } from 'zod';

/**
 * Scopes separated by spaces (RFC 6749 section 3.3). Without any it counts as omitted, as a parameter
 * without a value does in a form (section 3.1).
 */
export const RequestedScope = z
  .string()
  .max(1024)
  .regex(SCOPE_LIST, 'must be scopes separated by spaces')
  .transform((scope) => (scope.trim() === '' ? undefined : scope));
