import type { ClientCredentials } from '../issuer/client-credentials.js';
import { IssuerError } from '../issuer/issuer-error.js';
import type { IssuerMetadata } from '../issuer/issuer-metadata.js';
import { type FormAnswer, postForm } from '../issuer/issuer-request.js';
import { type JsonObject, parseJsonObject } from '../verifier/strict-json.js';
import { TokenError } from '../verifier/token-error.js';

/**
 * Why there is no token for a client.
 *
 * - `refused`: the issuer refuses (RFC 6749 section 5.2): credentials, grant or scope are wrong. A
 *   retry will not help.
 * - `unavailable`: the issuer did not answer, or not as expected.
 */
export type ClientTokenErrorCode = 'refused' | 'unavailable';

/** Why there is no token for a client. `message` is for logs, and never holds the secret. */
export class ClientTokenError extends Error {
  override readonly name = 'ClientTokenError';
  /** `Retry-After` of the issuer, if it sent one. */
  readonly retryAfterMs: number | undefined;

  constructor(
    readonly code: ClientTokenErrorCode,
    message: string,
    options?: ErrorOptions & { readonly retryAfterMs?: number | undefined },
  ) {
    super(message, options);
    this.retryAfterMs = options?.retryAfterMs;
  }
}

/** A new access token. */
export interface IssuedToken {
  readonly accessToken: string;
  /** Its life, counted from the request to be safe. */
  readonly expiresInMs: number;
}

/** What a client asks for. Default: all that it is registered for. */
export interface TokenRequest {
  readonly scope?: string | undefined;
  readonly resource?: string | undefined;
}

const MAX_BYTES = 64 * 1024;
/** RFC 6749 appendix A.12: what may stand in a header. */
const ACCESS_TOKEN = /^[\x21-\x7e]+$/;
const ERROR_CODE = /^[\w.-]{1,64}$/;

/**
 * Requests a token by client_credentials (RFC 6749 section 4.4) at the token endpoint in the
 * issuer's metadata.
 *
 * @throws ClientTokenError
 */
export async function requestToken(
  metadata: IssuerMetadata,
  credentials: ClientCredentials,
  { scope, resource }: TokenRequest,
): Promise<IssuedToken> {
  try {
    const { timeoutMs } = metadata;
    const { token } = await metadata.endpoints();
    if (token === undefined) throw unusable('the metadata name no token_endpoint');
    const form = {
      grant_type: 'client_credentials',
      ...(scope !== undefined && { scope }),
      ...(resource !== undefined && { resource }),
    };
    return readAnswer(await postForm(token, form, credentials, { timeoutMs, maxBytes: MAX_BYTES }));
  } catch (error) {
    if (error instanceof IssuerError) throw unusable(error.message, error);
    // From parseJsonObject: the answer is not strict JSON.
    if (error instanceof TokenError) throw unusable(`its answer is ${error.message}`, error);
    throw error;
  }
}

function readAnswer({ status, body, retryAfterMs }: FormAnswer): IssuedToken {
  if (status !== 200) throw refusal(status, body, retryAfterMs);
  const {
    access_token: accessToken,
    token_type: type,
    expires_in: seconds,
  } = parseJsonObject(body);
  if (typeof accessToken !== 'string' || !ACCESS_TOKEN.test(accessToken)) {
    throw unusable('its answer holds no access_token');
  }
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer') {
    throw unusable('its token is not of type Bearer');
  }
  if (typeof seconds !== 'number' || !(seconds > 0)) {
    throw unusable('its answer does not say when the token expires');
  }
  return { accessToken, expiresInMs: seconds * 1000 };
}

/** Reports only the code of RFC 6749 section 5.2: the rest may be any text. */
function refusal(status: number, body: Buffer, retryAfterMs: number | undefined): ClientTokenError {
  const isRefused = status === 400 || status === 401 || status === 403;
  const error = isRefused ? errorCode(body) : undefined;
  return new ClientTokenError(
    isRefused ? 'refused' : 'unavailable',
    `The issuer gives this client no token: status ${status}${error ? `, ${error}` : ''}`,
    { retryAfterMs },
  );
}

function errorCode(body: Buffer): string | undefined {
  let answer: JsonObject;
  try {
    answer = parseJsonObject(body);
  } catch {
    // For example the page of a proxy: only the status is known.
    return undefined;
  }
  const { error } = answer;
  return typeof error === 'string' && ERROR_CODE.test(error) ? error : undefined;
}

function unusable(why: string, cause?: unknown): ClientTokenError {
  return new ClientTokenError('unavailable', `The issuer cannot be asked for a token: ${why}`, {
    cause,
  });
}
