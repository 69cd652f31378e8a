import { z } from 'zod';

import { oneLine } from './line.js';

/**
 * A UUID from a caller, in any case. From here on it has one spelling, lower case (RFC 9562 section
 * 4), so that it can be compared, stored and published as text.
 */
export const Uuid = z.uuid().toLowerCase();

/** The one spelling of a UUID, or `undefined` for text that is none. */
export function toUuid(text: string): string | undefined {
  return Uuid.safeParse(text).data;
}

/** The id of a subject, client, session or token, of this issuer or of another one. */
export const Identifier = z
  .string()
  .min(1)
  .max(255)
  .check(oneLine)
  .overwrite((id) => toUuid(id) ?? id);
