import type { ClientCredentials } from '../issuer/client-credentials.js';
import { IssuerError } from '../issuer/issuer-error.js';
import type { IssuerMetadata } from '../issuer/issuer-metadata.js';
import { type FormAnswer, postForm } from '../issuer/issuer-request.js';
import type { JwtCoreLog } from '../issuer/log.js';
import { backOffMs } from '../timing/back-off.js';
import type { ReferenceTokenSource } from './reference-token-verifier.js';
import { type JsonObject, parseJsonObject } from './strict-json.js';
import { TokenError } from './token-error.js';

interface IntrospectionSourceOptions {
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

/** Why an introspection gave no answer. */
interface IntrospectionFailure {
  readonly message: string;
  /** The issuer refuses this service: its configuration must change. */
  readonly isRefusal?: boolean;
  /** `Retry-After` of the issuer. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

const RETRIES = { firstMs: 100, longestMs: 1_000 };
const LONGEST_PAUSE_MS = 30_000;

/** Failures of introspection in a row: logs changes, and waits between attempts. */
class IntrospectionOutage {
  private failures = 0;
  private pausedUntilMs = -Infinity;
  private lastError: TokenError | undefined;
  private reported: 'nothing' | 'warning' | 'refusal' = 'nothing';

  constructor(
    private readonly issuer: string,
    private readonly monotonicNow: () => number,
    private readonly log: JwtCoreLog | undefined,
  ) {}

  /** @throws TokenError `introspection_unavailable` during the pause after a failure */
  refuseDuringPause(): void {
    if (this.lastError && this.monotonicNow() < this.pausedUntilMs) throw this.lastError;
  }

  noteAnswer(): void {
    if (this.reported !== 'nothing') this.log?.log(`Introspection at ${this.issuer} works again`);
    this.failures = 0;
    this.pausedUntilMs = -Infinity;
    this.reported = 'nothing';
  }

  /** Returns the error to throw. Simultaneous failures count once. */
  noteFailure(failure: IntrospectionFailure): TokenError {
    this.report(failure);
    const { message, cause } = failure;
    const error = new TokenError('introspection_unavailable', message, { cause });
    const nowMs = this.monotonicNow();
    if (nowMs < this.pausedUntilMs) return error;
    const askedForMs = Math.min(failure.retryAfterMs ?? 0, LONGEST_PAUSE_MS);
    this.failures += 1;
    this.lastError = error;
    this.pausedUntilMs = nowMs + Math.max(backOffMs(this.failures, RETRIES), askedForMs);
    return error;
  }

  private report({ message, isRefusal = false }: IntrospectionFailure): void {
    const kind = isRefusal ? 'refusal' : 'warning';
    if (this.reported === kind) return;
    this.reported = kind;
    const text = `Reference tokens cannot be introspected at ${this.issuer}: ${message}`;
    if (isRefusal) this.log?.error(text);
    else this.log?.warn(text);
  }
}
