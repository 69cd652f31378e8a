import { pageOf, PageQuery } from '@jwt-auth/chassis';
import { z } from 'zod';

import { RoleName } from '../access/access.schema.js';
import { USER_ROLE } from '../built-in-access.js';
import { CustomClaimsInput } from '../custom-claims.js';
import { Email, EmailPrefix } from '../credentials/email.js';
import { PasswordHash } from './imported-hashes.js';
import { NewPassword } from '../credentials/passwords.js';
import type { User } from './user.entity.js';

export const UserQuery = PageQuery.extend({ email: EmailPrefix.optional() });
export type UserQuery = z.infer<typeof UserQuery>;

const Roles = z.array(RoleName).max(50);

export const NewUserRequest = z
  .strictObject({
    email: Email,
    password: NewPassword.optional(),
    passwordHash: PasswordHash.optional(),
    roles: Roles.default([USER_ROLE]),
    claims: CustomClaimsInput.default({}),
    emailVerified: z.boolean().default(false).meta({
      description: 'The user has proved elsewhere that they read the mail of this address',
    }),
  })
  .refine(
    ({ password, passwordHash }) => (password === undefined) !== (passwordHash === undefined),
    {
      path: ['password'],
      error: 'expected either password or passwordHash',
    },
  )
  .meta({
    id: 'NewUserRequest',
    example: { email: 'ada@example.com', password: 'three herons on the weir', roles: ['user'] },
  });
export type NewUserRequest = z.infer<typeof NewUserRequest>;

/** What is absent stays as it is. */
export const UserChangeRequest = z
  .strictObject({
    disabled: z.boolean().optional(),
    roles: Roles.optional(),
    claims: CustomClaimsInput.optional(),
  })
  .meta({ id: 'UserChange' });
export type UserChangeRequest = z.infer<typeof UserChangeRequest>;

export const UserPasswordReset = z
  .strictObject({
    password: NewPassword.optional().meta({ description: 'Default: a generated one' }),
  })
  .meta({ id: 'UserPasswordReset' });
export type UserPasswordReset = z.infer<typeof UserPasswordReset>;

export const GeneratedPassword = z
  .object({ password: z.string().meta({ description: 'Shown this once' }) })
  .meta({ id: 'GeneratedPassword' });
export type GeneratedPassword = z.infer<typeof GeneratedPassword>;

/** A user, as administrators see it. */
export const UserAnswer = z
  .object({
    id: z.uuid(),
    email: z.string(),
    /** Whether the user has proved that they read the mail of this address. */
    emailVerified: z.boolean(),
    roles: z.array(z.string()),
    disabled: z.boolean(),
    claims: z.record(z.string(), z.unknown()),
    createdAt: z.iso.datetime(),
    /** The user deleted the account, and is disabled until it is removed then. */
    deleteAt: z.iso.datetime().optional(),
  })
  .meta({ id: 'User' });
export type UserAnswer = z.infer<typeof UserAnswer>;

/** Lists the members, so that no other column is ever sent. */
export function userAnswer(user: User): UserAnswer {
  const { id, email, roles, isDisabled: disabled, claims, deleteAt } = user;
  const emailVerified = user.emailVerifiedAt !== null;
  const createdAt = user.createdAt.toISOString();
  const deletion = deleteAt && { deleteAt: deleteAt.toISOString() };
  return { id, email, emailVerified, roles, disabled, claims, createdAt, ...deletion };
}

export const UserPage = pageOf(UserAnswer).meta({ id: 'UserPage' });
