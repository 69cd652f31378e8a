import { z } from 'zod';

import { Email } from '../credentials/email.js';
import { NewPassword, TypedPassword } from '../credentials/passwords.js';

export const RegisterRequest = z
  .object({ email: Email, password: NewPassword })
  .meta({ id: 'RegisterRequest' });
export type RegisterRequest = z.infer<typeof RegisterRequest>;

export const RegisteredUser = z
  .object({
    id: z.uuid(),
    email: z.string(),
    roles: z.array(z.string()),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'RegisteredUser' });
export type RegisteredUser = z.infer<typeof RegisteredUser>;

/** The answer of a registration whose e-mail has to be verified: the same for one that has an account. */
export const RegistrationPending = z.object({}).meta({ id: 'RegistrationPending' });

export const Me = z
  .object({
    id: z.uuid(),
    email: z.string(),
    roles: z.array(z.string()),
    scope: z.string(),
    sessionId: z.uuid().optional(),
    /** Whether the user has proved that they read the mail of this address. */
    emailVerified: z.boolean(),
  })
  .meta({ id: 'Me' });
export type Me = z.infer<typeof Me>;

export const PasswordChange = z
  .object({ currentPassword: TypedPassword.min(1), newPassword: NewPassword })
  .meta({ id: 'PasswordChange' });
export type PasswordChange = z.infer<typeof PasswordChange>;
