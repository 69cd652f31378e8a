/**
 * Why something cannot be done with a client.
 *
 * - `client_not_found`, `secret_not_found`: none that is alive.
 * - `too_many_secrets`: it has two, and one must go before another comes.
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
