import { pageOf } from '@jwt-auth/chassis';
import { z } from 'zod';

import { RoleName } from '../access/access.schema.js';
import { USER_ROLE } from '../access/built-in.js';
import { ClaimsInput } from '../tokens/own-claims.js';
import { Email } from './email.js';
import { NewPassword } from '../passwords.js';

const Roles = z.array(RoleName).max(50);

export const NewUserRequest = z
  .strictObject({ email: Email, password: NewPassword, roles: Roles.default([USER_ROLE]) })
  .meta({ id: 'NewUserRequest' });
export type NewUserRequest = z.infer<typeof NewUserRequest>;

/** What is absent stays as it is. */
export const UserChangeRequest = z
  .strictObject({
    disabled: z.boolean().optional(),
    roles: Roles.optional(),
    claims: ClaimsInput.optional(),
  })
  .meta({ id: 'UserChange' });
export type UserChangeRequest = z.infer<typeof UserChangeRequest>;

/** A user, as administrators see it. */
export const UserAnswer = z
  .object({
    id: z.uuid(),
    email: z.string(),
    roles: z.array(z.string()),
    disabled: z.boolean(),
    claims: z.record(z.string(), z.unknown()),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'User' });
export type UserAnswer = z.infer<typeof UserAnswer>;

export const UserPage = pageOf(UserAnswer).meta({ id: 'UserPage' });
