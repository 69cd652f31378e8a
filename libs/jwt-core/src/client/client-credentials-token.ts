import { ClientCredentials } from '../issuer/client-credentials.js';
import { IssuerMetadata } from '../issuer/issuer-metadata.js';
import { backOffMs } from '../timing/back-off.js';
import { ClientTokenError, requestToken, type TokenRequest } from './token-endpoint.js';

export interface ClientCredentialsTokenOptions {
  /** Its token endpoint is found through its metadata. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Space-separated. Default: all that the client is registered for. */
  readonly scope?: string | undefined;
  /** The one audience that the token is for (RFC 8707). Default: all of the client's. */
  readonly resource?: string | undefined;
  /** Allows a plain `http` issuer beyond this machine: only inside a private network. */
  readonly allowHttpIssuer?: boolean | undefined;
  /** For one request to the issuer. Default 5 s. */
  readonly timeoutMs?: number | undefined;
  /** A clock in milliseconds that no adjustment of the wall clock moves. */
  readonly monotonicNow?: (() => number) | undefined;
}

interface HeldToken {
  readonly accessToken: string;
  /** From then on a new one is fetched in the background. */
  readonly renewAtMs: number;
  /** Until then it is returned to callers. */
  readonly goodUntilMs: number;
}

/** In this part of its life a token is renewed in the background. */
const RENEWED_IN_LAST = 0.2;
/** A token must not expire on its way to a service, or in a queue there. */
const LONGEST_MARGIN_MS = 10_000;
const RETRIES = { firstMs: 250, longestMs: 10_000 };
const LONGEST_PAUSE_MS = 60_000;

/**
 * The access token with which a service calls others as itself (RFC 6749 section 4.4): fetched at
 * the first call, once for all simultaneous callers, and kept until shortly before it expires.
 *
 * ```ts
 * const token = new ClientCredentialsToken({ issuer, clientId, clientSecret });
 * const accessToken = await token.get();
 * const { status } = await fetch(url, { headers: { authorization: `Bearer ${accessToken}` } });
 * if (status === 401) token.forget(accessToken); // the next call gets a new one
 * ```
 *
 * In the last fifth of its life it is renewed in the background while callers get the old one; a
 * failure of that renewal is not an error. For a moment after a failure, at most ten seconds, or as
 * long as `Retry-After` asks, at most a minute, callers without a token get the same failure at
 * once. It has no timer, so that there is nothing to close. In Nest it is a provider like any
 * other: `{ provide: ClientCredentialsToken, useFactory: () => new ClientCredentialsToken({ … })
 * }`.
 */
export class ClientCredentialsToken {
  private readonly metadata: IssuerMetadata;
  private readonly credentials: ClientCredentials;
  private readonly asked: TokenRequest;
  private readonly monotonicNow: () => number;
  private held: HeldToken | undefined;
  private inFlight: Promise<string> | undefined;
  private failure: unknown;
  private failures = 0;
  private pausedUntilMs = -Infinity;

  /**
   * @throws IssuerError `address_invalid`
   * @throws TypeError without an id and a secret
   */
  constructor(options: ClientCredentialsTokenOptions) {
    const { issuer, clientId, clientSecret, allowHttpIssuer: allowHttp, timeoutMs } = options;
    this.metadata = new IssuerMetadata({ issuer, allowHttp, timeoutMs });
    this.credentials = new ClientCredentials(clientId, clientSecret);
    this.asked = { scope: options.scope, resource: options.resource };
    this.monotonicNow = options.monotonicNow ?? (() => performance.now());
  }

  /**
   * A token that is still valid for some time.
   *
   * @throws ClientTokenError if there is none, and the issuer gives none
   */
  async get(): Promise<string> {
    const nowMs = this.monotonicNow();
    const { held } = this;
    if (held === undefined || nowMs >= held.goodUntilMs) return this.renew();
    // The old one is still good. Once it is not, callers get the failure.
    if (nowMs >= held.renewAtMs) this.renew().catch(() => undefined);
    return held.accessToken;
  }

  /**
   * Drops a token that a service refused, as it was revoked: the next call fetches a new one.
   * Further calls with the same token have no effect.
   */
  forget(accessToken: string): void {
    if (this.held?.accessToken === accessToken) this.held = undefined;
  }

  private async renew(): Promise<string> {
    if (this.inFlight) return this.inFlight;
    if (this.monotonicNow() < this.pausedUntilMs) throw this.failure;
    this.inFlight = this.fetch().finally(() => (this.inFlight = undefined));
    return this.inFlight;
  }

  private async fetch(): Promise<string> {
    const { metadata, credentials, asked } = this;
    const askedAtMs = this.monotonicNow();
    try {
      const issued = await requestToken(metadata, credentials, asked);
      this.hold(issued.accessToken, askedAtMs, issued.expiresInMs);
      this.failures = 0;
      return issued.accessToken;
    } catch (error) {
      this.noteFailure(error);
      throw error;
    }
  }

  private hold(accessToken: string, askedAtMs: number, lifeMs: number): void {
    this.held = {
      accessToken,
      renewAtMs: askedAtMs + lifeMs * (1 - RENEWED_IN_LAST),
      goodUntilMs: askedAtMs + lifeMs - Math.min(LONGEST_MARGIN_MS, lifeMs / 10),
    };
  }

  private noteFailure(error: unknown): void {
    const askedForMs = (error instanceof ClientTokenError && error.retryAfterMs) || 0;
    this.failures += 1;
    const pauseMs = backOffMs(this.failures, RETRIES);
    this.failure = error;
    this.pausedUntilMs =
      this.monotonicNow() + Math.max(pauseMs, Math.min(askedForMs, LONGEST_PAUSE_MS));
  }
}
