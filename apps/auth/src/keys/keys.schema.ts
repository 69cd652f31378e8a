import { z } from 'zod';

import { SIGNING_KEY_STATES } from './signing-key.entity.js';

/** What can be the id of a key. The database takes no NUL, and has an error of its own for it. */
export const Kid = z.string().regex(/^[\w-]{1,128}$/, 'must be the id of a key');

/** A key without its material. */
export const KeyAnswer = z.object({
  kid: z.string(),
  state: z.enum(SIGNING_KEY_STATES),
  createdAt: z.iso.datetime(),
  activatedAt: z.iso.datetime().nullable(),
  retiredAt: z.iso.datetime().nullable(),
});
