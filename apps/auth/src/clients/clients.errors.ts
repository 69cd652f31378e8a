import type { Problem } from '@jwt-auth/jwt-core';

/**
 * Why a client cannot be changed.
 *
 * - `client_not_found`, `secret_not_found`: it does not exist, or it was deleted.
 * - `too_many_secrets`: the client has two. Remove one before you add another.
 */
export type ClientsErrorCode = 'client_not_found' | 'secret_not_found' | 'too_many_secrets';

export class ClientsError extends Error {
  override readonly name = 'ClientsError';

  constructor(
    readonly code: ClientsErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const PROBLEMS: Readonly<Record<ClientsErrorCode, Problem>> = {
  client_not_found: { status: 404, code: 'not_found' },
  secret_not_found: { status: 404, code: 'not_found' },
  too_many_secrets: { status: 409, code: 'conflict', detail: 'Remove one of the two secrets' },
};

/** The HTTP answer to an error of this domain. */
export function clientsProblem(error: unknown): Problem | undefined {
  return error instanceof ClientsError ? PROBLEMS[error.code] : undefined;
}
