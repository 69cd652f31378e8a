import { ApiProblem } from '@jwt-auth/chassis';
import type { Problem } from '@jwt-auth/jwt-core';

import type { Config } from '../config.js';

/**
 * Why something cannot be done with an account. `mail_unavailable`: it takes a mail, and this
 * installation sends none.
 */
type AccountsErrorCode = 'link_invalid' | 'mail_unavailable' | 'user_disabled';

export class AccountsError extends Error {
  override readonly name = 'AccountsError';

  constructor(
    readonly code: AccountsErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** @throws AccountsError `mail_unavailable` */
export function demandMail({ mailServer }: Config): void {
  if (!mailServer) throw new AccountsError('mail_unavailable', 'No SMTP_URL');
}

const PROBLEMS: Readonly<Record<AccountsErrorCode, Problem>> = {
  link_invalid: {
    status: 400,
    code: 'link_invalid',
    detail: 'The link was used, has expired, or a newer one was sent',
  },
  user_disabled: { status: 409, code: 'conflict', detail: 'The user is disabled' },
  mail_unavailable: { status: 503, code: 'mail_unavailable', detail: 'No mail can be sent here' },
};

/** Documents that a route answers `mail_unavailable` where no mail server is set. */
export const ApiNeedsMail = (): MethodDecorator =>
  ApiProblem(503, '`mail_unavailable`: this installation sends no mail');

/** The HTTP answer to an error of this domain. */
export function accountsProblem(error: unknown): Problem | undefined {
  return error instanceof AccountsError ? PROBLEMS[error.code] : undefined;
}
