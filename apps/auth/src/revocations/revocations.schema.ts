import { REVOCATION_KINDS } from '@jwt-auth/jwt-core';
import { z } from 'zod';

/** One answer of the feed. It documents: the answer itself is made without it. */
export const RevocationPage = z
  .object({
    cursor: z.string(),
    reset: z.boolean(),
    more: z.boolean(),
    /** Fingerprint of the published keys. */
    jwks: z.string(),
    /** With `details`: how long ago the oldest entry was recorded, where all of them are news. */
    ageMs: z.int().optional(),
    /** With `details`: the second, by the clock of the database, before which expired ones are left out. */
    expiredBefore: z.int().optional(),
    entries: z.array(
      z.object({
        kind: z.enum(REVOCATION_KINDS),
        id: z.string(),
        exp: z.int(),
        before: z.int().optional(),
        /** Of a client: its tokens with a lower `token_version` are revoked. */
        tokenVersion: z.int().optional(),
      }),
    ),
  })
  .meta({ id: 'RevocationPage' });
