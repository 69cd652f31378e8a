/**
 * Why the issuer could not be asked, or its answer not be used.
 *
 * - `address_invalid`: the configured issuer is no address that can be trusted. Only from constructors.
 * - `unreachable`: no connection, a connection that was cut, or a redirect.
 * - `timed_out`, `aborted`: no complete answer in time, or before the caller gave up.
 * - `bad_status`, `too_large`, `not_json`: an answer, but not the one that was asked for.
 * - `bad_metadata`: metadata of another issuer, or without addresses that can be trusted.
 */
export type IssuerErrorCode =
  | 'address_invalid'
  | 'unreachable'
  | 'timed_out'
  | 'aborted'
  | 'bad_status'
  | 'too_large'
  | 'not_json'
  | 'bad_metadata';

/** What went wrong between a service and its issuer. `message` is for logs. */
export class IssuerError extends Error {
  override readonly name = 'IssuerError';

  constructor(
    readonly code: IssuerErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
