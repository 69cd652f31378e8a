import type { VerdictCounts } from '../verifier/verdict-counts.js';
import type { AppOptions, RequestWithToken } from './app-options.js';
import { hasBearerToken } from '../http/bearer-token.js';
import { countedBearerToken, type HttpRequest } from './http-request.js';

/** Finds the access token of a request: in its `Authorization` header, or where `tokenFrom` does. */
export class Credentials {
  constructor(private readonly options: Pick<AppOptions, 'tokenFrom'> = {}) {}

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
    const { options } = this;
    if (options.tokenFrom === undefined || isPresent(request)) return undefined;
    const token = options.tokenFrom(request as unknown as RequestWithToken);
    return token === '' || token === null ? undefined : token;
  }
}

const isPresent = (request: HttpRequest) =>
  hasBearerToken('raw' in request ? request.raw : request);
