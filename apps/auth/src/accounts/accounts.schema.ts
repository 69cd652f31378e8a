import { z } from 'zod';

import { NewPassword } from '../credentials/passwords.js';
import { Email } from '../credentials/email.js';

/** The token of a link. Text of another form is answered as an unknown token. */
const LinkToken = z.string().min(1).max(512);

export const LinkRequest = z.object({ token: LinkToken }).meta({ id: 'LinkRequest' });
export type LinkRequest = z.infer<typeof LinkRequest>;

export const ForgottenPassword = z.object({ email: Email }).meta({ id: 'ForgottenPassword' });
export type ForgottenPassword = z.infer<typeof ForgottenPassword>;

export const PasswordReset = z
  .object({ token: LinkToken, newPassword: NewPassword })
  .meta({ id: 'PasswordReset' });
export type PasswordReset = z.infer<typeof PasswordReset>;

export const PasswordRequest = z
  .strictObject({
    required: z
      .boolean()
      .default(false)
      .meta({ description: 'The present password ends, and all sessions' }),
  })
  .meta({ id: 'PasswordRequest' })
  .default({ required: false });
export type PasswordRequest = z.infer<typeof PasswordRequest>;

export const EmailChange = z.object({ newEmail: Email }).meta({ id: 'EmailChange' });
export type EmailChange = z.infer<typeof EmailChange>;

/** The request was accepted. The answer does not say whether a mail is sent. */
export const Accepted = z.object({}).meta({ id: 'Accepted' });
export type Accepted = z.infer<typeof Accepted>;

/** An account that its user has deleted. */
export const Deletion = z
  .object({
    deleteAt: z.iso.datetime().meta({ description: 'Until then the account can be restored' }),
  })
  .meta({ id: 'Deletion' });
export type Deletion = z.infer<typeof Deletion>;
