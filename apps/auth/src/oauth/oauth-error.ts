/**
 * What an OAuth endpoint answers instead (RFC 6749 section 5.2).
 *
 * - `temporarily_unavailable`, `server_error`: from RFC 6749 section 4.1.2.1, for what section 5.2
 *   has no word for.
 */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'temporarily_unavailable'
  | 'server_error';

interface OAuthErrorOptions extends ErrorOptions {
  /** Unless it is what the code commonly has. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

const STATUS: Readonly<Partial<Record<OAuthErrorCode, number>>> = {
  invalid_client: 401,
  temporarily_unavailable: 503,
  server_error: 500,
};

const CHALLENGE = { 'WWW-Authenticate': 'Basic realm="oauth", charset="UTF-8"' };

/** An error of an OAuth endpoint, as its client gets it. `message` is the `error_description`. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: OAuthErrorCode,
    message: string,
    { status = STATUS[code] ?? 400, headers = {}, ...options }: OAuthErrorOptions = {},
  ) {
    super(message, options);
    this.status = status;
    // RFC 9110 section 15.5.2: no 401 without a challenge.
    this.headers = status === 401 ? { ...headers, ...CHALLENGE } : headers;
  }
}
