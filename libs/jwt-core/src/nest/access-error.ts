/** What an authenticated caller lacks for a route. */
export type AccessErrorCode = 'insufficient_scope' | 'insufficient_role';

/** Why an authenticated caller is refused (RFC 6750 section 3.1, `insufficient_scope`). */
export class AccessError extends Error {
  override readonly name = 'AccessError';

  constructor(
    readonly code: AccessErrorCode,
    message: string,
    /** All scopes that the route demands. */
    readonly requiredScopes: readonly string[],
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
