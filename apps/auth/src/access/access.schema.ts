import { line, pageOf } from '@jwt-auth/chassis';
import { SCOPE } from '@jwt-auth/jwt-core';
import { z } from 'zod';

import { isOwnScope, OWN_SCOPES_ONLY } from '../built-in-access.js';

/** `aud` of tokens: often a URL, but any text but `.` and `..`, which no path can name. */
export const Audience = line(255)
  .min(1)
  .regex(/^(?!\.\.?$)/, 'cannot be a part of a path');

/** Up to 64 letters, digits, `.`, `_`, `:` and `-`. */
export const RoleName = z
  .string()
  .max(64)
  .regex(/^[A-Za-z\d][\w.:-]*$/, 'expected letters, digits, . _ : and -');

export const ScopeName = z.string().max(100).regex(SCOPE, 'is not a scope');

const MAX_SCOPES = 200;

/** Of a request that lists so many scopes, with descriptions. */
export const MAX_ACCESS_BYTES = 131_072;

const isDistinct = (names: readonly string[]): boolean => new Set(names).size === names.length;

const Scope = z.union(
  [
    ScopeName.transform((name) => ({ name, description: '' })),
    z.strictObject({ name: ScopeName, description: line(200).default('') }),
  ],
  { error: 'expected a scope, or an object with name and description' },
);

/** Each scope with what it is good for, or its bare name. */
export const ResourceScopes = z
  .array(Scope)
  .max(MAX_SCOPES)
  .refine((scopes) => isDistinct(scopes.map(({ name }) => name)), 'has a scope twice');

/** The scopes of a resource that is not auth itself. */
export const ServiceScopes = ResourceScopes.refine(
  (scopes) => !scopes.some(({ name }) => isOwnScope(name)),
  OWN_SCOPES_ONLY,
);

export const RoleScopes = z
  .array(ScopeName)
  .max(MAX_SCOPES)
  .refine((scopes) => isDistinct(scopes), 'has a scope twice');

export const NewResource = z
  .strictObject({ audience: Audience, scopes: ServiceScopes })
  .meta({ id: 'NewResource' });
export type NewResource = z.infer<typeof NewResource>;

/** What takes the place of the scopes. `audience` may be given, too, if it is that of the path. */
export const ResourceChange = z
  .strictObject({ audience: Audience.optional(), scopes: ResourceScopes })
  .meta({ id: 'ResourceChange' });
export type ResourceChange = z.infer<typeof ResourceChange>;

export const ResourceAnswer = z
  .object({
    audience: z.string(),
    scopes: z.array(z.object({ name: z.string(), description: z.string() })),
    builtIn: z.boolean().meta({ description: 'auth itself: it cannot be removed' }),
  })
  .meta({ id: 'Resource' });
export type ResourceAnswer = z.infer<typeof ResourceAnswer>;

export const ResourcePage = pageOf(ResourceAnswer).meta({ id: 'ResourcePage' });

export const NewRole = z
  .strictObject({ name: RoleName, scopes: RoleScopes, requiresMfa: z.boolean().default(false) })
  .meta({ id: 'NewRole' });
export type NewRole = z.infer<typeof NewRole>;

/**
 * What takes the place of the scopes. `name` may be given, too, if it is that of the path. Without
 * `requiresMfa` that stays as it is.
 */
export const RoleChange = z
  .strictObject({
    name: RoleName.optional(),
    scopes: RoleScopes,
    requiresMfa: z.boolean().optional(),
  })
  .meta({ id: 'RoleChange' });
export type RoleChange = z.infer<typeof RoleChange>;

export const RoleAnswer = z
  .object({
    name: z.string(),
    scopes: z.array(z.string()),
    requiresMfa: z.boolean().meta({ description: 'tokens name it only after a second factor' }),
    builtIn: z.boolean().meta({ description: 'it cannot be removed' }),
  })
  .meta({ id: 'Role' });
export type RoleAnswer = z.infer<typeof RoleAnswer>;

export const RolePage = pageOf(RoleAnswer).meta({ id: 'RolePage' });
