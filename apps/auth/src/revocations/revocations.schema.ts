import { REVOCATION_KINDS } from '@jwt-auth/jwt-core';
import { z } from 'zod';

/** One answer of the feed. Only for the documentation: the controller writes the answer itself. */
export const RevocationPage = z
  .object({
    cursor: z.string(),
    reset: z.boolean(),
    more: z.boolean(),
    /** Fingerprint of the published keys. */
    jwks: z.string(),
    /** With `details`: how long ago the oldest entry was recorded. Not in a snapshot. */
    ageMs: z.int().optional(),
    /** With `details`: entries that expired before this second of the database's clock are left out. */
    expiredBefore: z.int().optional(),
    entries: z.array(
      z.object({
        kind: z.enum(REVOCATION_KINDS),
        id: z.string(),
        exp: z.int(),
        before: z.int().optional(),
        /** For a client: its tokens with a lower `token_version` are revoked. */
        tokenVersion: z.int().optional(),
      }),
    ),
  })
  .meta({ id: 'RevocationPage' });
