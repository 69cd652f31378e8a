import { z } from 'zod';

import { CLIENT_GRANTS } from './client.entity.js';

/** RFC 6749 section 3.3. */
const Scope = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'is not a scope');

// An access token has 1 KiB for everything.
const MAX_SCOPE_CHARACTERS = 300;

export const NewClient = z
  .object({
    name: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .regex(/^\P{Cc}*$/u, 'holds control characters'),
    grants: z.array(z.enum(CLIENT_GRANTS)).min(1).max(10),
    scopes: z
      .array(Scope)
      .max(50)
      .refine((scopes) => scopes.join(' ').length <= MAX_SCOPE_CHARACTERS, {
        error: `must not exceed ${MAX_SCOPE_CHARACTERS} characters together`,
      }),
  })
  .meta({ id: 'NewClient' });
export type NewClient = z.infer<typeof NewClient>;

const client = {
  id: z.uuid(),
  name: z.string(),
  grants: z.array(z.enum(CLIENT_GRANTS)),
  scopes: z.array(z.string()),
  createdAt: z.iso.datetime(),
};

/** `secret` is shown this once. */
export const CreatedClient = z
  .object({ ...client, secret: z.string() })
  .meta({ id: 'CreatedClient' });
export type CreatedClient = z.infer<typeof CreatedClient>;

export const ClientList = z
  .array(
    z.object({
      ...client,
      secrets: z.array(z.object({ id: z.uuid(), createdAt: z.iso.datetime() })),
    }),
  )
  .meta({ id: 'ClientList' });
export type ClientList = z.infer<typeof ClientList>;

/** `secret` is shown this once. */
export const CreatedSecret = z
  .object({ id: z.uuid(), secret: z.string(), createdAt: z.iso.datetime() })
  .meta({ id: 'CreatedSecret' });
export type CreatedSecret = z.infer<typeof CreatedSecret>;

export const ClientId = z.uuid();
