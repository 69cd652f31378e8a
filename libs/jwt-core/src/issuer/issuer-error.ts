/**
 * Why a request to the issuer failed, or its answer was not usable.
 *
 * - `address_invalid`: the configured issuer is not a trusted address. Only from constructors.
 * - `unreachable`: no connection, a connection that was cut, or a redirect.
 * - `timed_out`, `aborted`: no complete answer in time, or before the caller stopped waiting.
 * - `bad_status`, `too_large`, `not_json`: an answer, but not the expected one.
 * - `bad_metadata`: metadata of another issuer, or with addresses that are not trusted.
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
