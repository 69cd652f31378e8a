import type { IncomingHttpHeaders } from 'node:http';
import type { HttpException } from '@nestjs/common';
import { bearerToken, hasBearerToken, type NodeRequest } from '../http/bearer-token.js';
import type { Principal } from '../verifier/claims.js';
import type { VerdictCounts } from '../verifier/verdict-counts.js';

/** Node's request, which Express extends, or Fastify's, which keeps node's under `raw`. */
export type HttpRequest = NodeRequest | { readonly raw: NodeRequest };

/** The metadata of a message. There is no request that `tokenFrom` could read. */
export class MessageRequest implements NodeRequest {
  readonly rawHeaders: string[] = [];

  constructor(readonly headers: IncomingHttpHeaders = {}) {}
}

/** A request whose token was verified. */
export interface AuthenticatedRequest {
  principal?: Principal;
}

/** Makes the verified caller known to everything that handles the request after the guard. */
export function attachPrincipal(request: object, principal: Principal): void {
  (request as AuthenticatedRequest).principal = principal;
}

/** The verified caller. `undefined` on a public route. */
export function principalOf(request: object): Principal | undefined {
  return (request as AuthenticatedRequest).principal;
}

/**
 * What `tokenFrom` can read of a request of Express or Fastify. Write the type of yours in its
 * place.
 */
export interface RequestWithToken {
  readonly headers: IncomingHttpHeaders;
  readonly cookies?: Readonly<Record<string, string | undefined>>;
}

/** Where the token of a request is, beside its `Authorization` header. */
export interface CredentialOptions {
  /**
   * The token of a request without a Bearer token in its `Authorization` header, like that of a
   * cookie. `undefined` or an empty string: none. A browser sends cookies with requests that other
   * sites cause: protect such an application against CSRF.
   */
  tokenFrom?(this: void, request: RequestWithToken): string | undefined;
}

/**
 * Finds the access token of a request: in its `Authorization` header, or where `tokenFrom` does.
 */
export class Credentials {
  constructor(private readonly options: CredentialOptions = {}) {}

  /**
   * The token of a request. A Bearer token in the header comes before one from elsewhere, which
   * another site may have caused a browser to send.
   *
   * @throws TokenError see `bearerToken`
   */
  tokenOf(request: HttpRequest, verdicts: VerdictCounts): string {
    return this.tokenFromElsewhere(request) ?? countedBearerToken(request, verdicts);
  }

  /**
   * The same, but `undefined` for a request without a bearer token. One with two `Authorization`
   * headers, or with nothing after `Bearer`, has a bad one.
   */
  optionalTokenOf(request: HttpRequest, verdicts: VerdictCounts): string | undefined {
    const token = this.tokenFromElsewhere(request);
    if (token !== undefined) return token;
    return isPresent(request) ? countedBearerToken(request, verdicts) : undefined;
  }

  private tokenFromElsewhere(request: HttpRequest): string | undefined {
    const { tokenFrom } = this.options;
    if (tokenFrom === undefined || isPresent(request) || request instanceof MessageRequest) {
      return undefined;
    }
    try {
      const token = tokenFrom(request as unknown as RequestWithToken);
      return token === '' || token === null ? undefined : token;
    } catch (error) {
      // The answer of the application.
      if (isHttpException(error)) throw error;
      throw new Error(`The option tokenFrom of JwtCoreModule failed: ${String(error)}`, {
        cause: error,
      });
    }
  }
}

/** By its method: a module that imports Nest is in the package twice, for ESM and for CommonJS. */
const isHttpException = (error: unknown) =>
  typeof (error as Partial<HttpException> | undefined)?.getStatus === 'function';

const isPresent = (request: HttpRequest) =>
  hasBearerToken('raw' in request ? request.raw : request);

/**
 * `bearerToken`, with a refusal counted among the verdicts of the verifier, which never sees it.
 *
 * @throws TokenError see `bearerToken`
 */
function countedBearerToken(request: HttpRequest, verdicts: VerdictCounts): string {
  try {
    return bearerToken('raw' in request ? request.raw : request);
  } catch (error) {
    verdicts.noteRefusal(error);
    throw error;
  }
}
