import { z } from 'zod';

/** Text of the characters that RFC 6749 section 3.3 gives to scopes, and spaces between them. */
export const RequestedScope = z
  .string()
  .max(1024)
  .regex(/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/, 'must be scopes separated by spaces');
