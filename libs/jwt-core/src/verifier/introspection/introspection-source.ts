import type { ClientCredentials } from '../../issuer/client-credentials.js';
import { IssuerError } from '../../issuer/issuer-error.js';
import type { IssuerMetadata } from '../../issuer/issuer-metadata.js';
import { type FormAnswer, postForm } from '../../issuer/issuer-request.js';
import { type JsonObject, parseJsonObject } from '../strict-json.js';
import { TokenError } from '../token-error.js';
import type { JwtCoreLog } from '../../log.js';
import { IntrospectionOutage } from './introspection-outage.js';
import type { ReferenceTokenSource } from '../reference-token.js';

export interface IntrospectionSourceOptions {
  readonly metadata: IssuerMetadata;
  /** Of a client with permission to introspect. */
  readonly credentials: ClientCredentials;
  readonly log?: JwtCoreLog | undefined;
  readonly monotonicNow?: (() => number) | undefined;
}

/** `claims` may have 64 KiB. The rest is for the others, and for escapes. */
const MAX_BYTES = 256 * 1024;

/**
 * The introspection endpoint (RFC 7662) in the issuer's metadata, over HTTP.
 *
 * Each failure is `introspection_unavailable`. For a moment after it, at most a second, or as long
 * as `Retry-After` asks, at most half a minute, no request is sent.
 */
export class IntrospectionSource implements ReferenceTokenSource {
  private readonly outage: IntrospectionOutage;

  constructor(private readonly options: IntrospectionSourceOptions) {
    const { metadata, log, monotonicNow = () => performance.now() } = options;
    this.outage = new IntrospectionOutage(metadata.issuer, monotonicNow, log);
  }

  /** @throws TokenError `introspection_unavailable` */
  async resolve(token: string): Promise<JsonObject | undefined> {
    this.outage.refuseDuringPause();
    const answer = await this.ask(token).catch((error: unknown) => {
      if (!(error instanceof IssuerError)) throw error;
      if (this.options.metadata.closed.aborted) throw closed(error);
      throw this.outage.noteFailure({ message: error.message, cause: error });
    });
    const claims = this.read(answer);
    this.outage.noteAnswer();
    return claims;
  }

  private async ask(token: string): Promise<FormAnswer> {
    const { metadata, credentials } = this.options;
    const { introspection } = await metadata.endpoints();
    if (introspection === undefined) {
      throw new IssuerError('bad_metadata', 'the metadata name no introspection_endpoint');
    }
    const form = { token, token_type_hint: 'access_token' };
    const limits = { timeoutMs: metadata.timeoutMs, maxBytes: MAX_BYTES, signal: metadata.closed };
    return postForm(introspection, form, credentials, limits);
  }

  private read({ status, body, retryAfterMs }: FormAnswer): JsonObject | undefined {
    if (status === 401 || status === 403) throw this.refused(status);
    if (status !== 200) {
      throw this.outage.noteFailure({ message: `it answered ${status}`, retryAfterMs });
    }
    const answer = this.parse(body);
    if (answer.active === false) return undefined;
    if (answer.active !== true) {
      throw this.outage.noteFailure({ message: 'its answer does not say whether it is active' });
    }
    // Token type confusion (threat:token-type-confusion): tokens of other types, like one that is
    // bound to a key, or a refresh token, are not bearer tokens.
    return isBearer(answer.token_type) ? answer : undefined;
  }

  private parse(body: Buffer): JsonObject {
    try {
      return parseJsonObject(body);
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      // The token may be good, but the answer is not.
      throw this.outage.noteFailure({ message: `its answer is ${error.message}`, cause: error });
    }
  }

  private refused(status: number): TokenError {
    const { clientId } = this.options.credentials;
    const message =
      `it refuses the client ${JSON.stringify(clientId)} (status ${status}). ` +
      'Check id and secret, and that the client may introspect';
    return this.outage.noteFailure({ message, isRefusal: true });
  }
}

/** At a shutdown, which is no failure of the issuer. */
function closed(cause: IssuerError): TokenError {
  return new TokenError('introspection_unavailable', 'the verifier was closed', { cause });
}

function isBearer(tokenType: unknown = 'Bearer'): boolean {
  return typeof tokenType === 'string' && tokenType.toLowerCase() === 'bearer';
}
