/** `payload_too_large`: the claims do not fit into a JWT that every service would accept. */
export type TokensErrorCode = 'payload_too_large';

export class TokensError extends Error {
  override readonly name = 'TokensError';

  constructor(
    readonly code: TokensErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
