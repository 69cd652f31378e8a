import { line } from '@jwt-auth/chassis';
import { z } from 'zod';

import { Audience, ScopeName } from '../access/access.schema.js';
import { CustomClaimsInput } from '../custom-claims.js';
import { CLIENT_GRANTS } from './client.entity.js';

// A longer one makes every token a reference token.
const MAX_SCOPE_CHARACTERS = 300;

const traits = {
  name: line(100).min(1),
  grants: z.array(z.enum(CLIENT_GRANTS)).min(1).max(10),
  scopes: z
    .array(ScopeName)
    .max(50)
    .refine((scopes) => scopes.join(' ').length <= MAX_SCOPE_CHARACTERS, {
      error: `must not exceed ${MAX_SCOPE_CHARACTERS} characters together`,
    }),
  audiences: z.array(Audience).min(1).max(10),
  claims: CustomClaimsInput,
};

export const NewClient = z
  .strictObject({
    ...traits,
    audiences: traits.audiences.default([]),
    claims: CustomClaimsInput.default({}),
  })
  .meta({ id: 'NewClient' });
export type NewClient = z.infer<typeof NewClient>;

/** What is absent stays as it is. */
export const ClientChange = z
  .strictObject({ ...traits, disabled: z.boolean() })
  .partial()
  .meta({ id: 'ClientChange' });
export type ClientChange = z.infer<typeof ClientChange>;

/** A client, as administrators see it. */
const client = {
  id: z.uuid(),
  name: z.string(),
  grants: z.array(z.enum(CLIENT_GRANTS)),
  scopes: z.array(z.string()),
  audiences: z.array(z.string()),
  claims: z.record(z.string(), z.unknown()),
  disabled: z.boolean(),
  createdAt: z.iso.datetime(),
};

export const ClientAnswer = z.object(client).meta({ id: 'Client' });
export type ClientAnswer = z.infer<typeof ClientAnswer>;

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
