import { SCOPE_LIST } from '@jwt-auth/jwt-core';
import { z } from 'zod';

/** Text of the characters that RFC 6749 section 3.3 gives to scopes, and spaces between them. */
export const RequestedScope = z
  .string()
  .max(1024)
  .regex(SCOPE_LIST, 'must be scopes separated by spaces');
