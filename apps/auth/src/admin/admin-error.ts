/** Why an administrator is not answered. `invalid_cursor`: not from an answer to this question. */
export type AdminErrorCode = 'invalid_cursor';

export class AdminError extends Error {
  override readonly name = 'AdminError';

  constructor(
    readonly code: AdminErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
