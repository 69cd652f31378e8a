import { fetchJson } from './fetch-json.js';
import { addressFault, isLoopback, metadataAddress } from './issuer-address.js';
import { IssuerError } from './issuer-error.js';
import { untilAborted } from './until-aborted.js';

/** What a resource service needs to know of its issuer. */
export interface IssuerEndpoints {
  /** `jwks_uri` (RFC 8414 section 2). */
  readonly jwks: string;
  /** `revocation_feed`, an extension member; `undefined` for an issuer without one. */
  readonly revocationFeed: string | undefined;
}

export interface IssuerMetadataOptions {
  /** Exactly the `iss` of its tokens. */
  readonly issuer: string;
  /** Plain `http` also beyond the loopback interface: only inside a private network. */
  readonly allowHttp?: boolean | undefined;
  /** For one fetch. */
  readonly timeoutMs?: number | undefined;
  /** Metadata older than this are fetched again, in the background, when next asked for. */
  readonly maxAgeMs?: number | undefined;
  readonly monotonicNow?: (() => number) | undefined;
}

const maxBytes = 64 * 1024;
const firstRetryMs = 100;
// Short, because whatever waits for the issuer to come back waits for this too.
const lastRetryMs = 1_000;

/**
 * The issuer's metadata (RFC 8414), fetched when first asked for, once for all who ask, and kept:
 * with the issuer down, the last good answer stands.
 *
 * Endpoints may be on another host than the issuer, as the RFC allows and large issuers do: whoever
 * can forge the metadata of an issuer could forge its keys as well.
 */
export class IssuerMetadata {
  readonly issuer: string;
  private readonly address: string;
  private readonly allowHttp: boolean;
  private readonly timeoutMs: number;
  private readonly maxAgeMs: number;
  private readonly monotonicNow: () => number;
  private readonly closing = new AbortController();
  private held: IssuerEndpoints | undefined;
  private inFlight: Promise<void> | undefined;
  private failure: unknown;
  private failures = 0;
  private dueAtMs = -Infinity;

  /** @throws IssuerError `address_invalid` */
  constructor(options: IssuerMetadataOptions) {
    this.issuer = options.issuer;
    this.allowHttp = options.allowHttp ?? false;
    this.timeoutMs = options.timeoutMs ?? 5_000;
    this.maxAgeMs = options.maxAgeMs ?? 60_000;
    this.monotonicNow = options.monotonicNow ?? (() => performance.now());
    this.address = metadataAddress(this.issuer, this.allowHttp);
  }

  /**
   * The last good answer, else the one that is being fetched. After a failure the issuer is left
   * alone for a moment, at most a second, and whoever asks gets that failure at once.
   *
   * @throws IssuerError any code but `address_invalid`
   */
  async endpoints(signal?: AbortSignal): Promise<IssuerEndpoints> {
    if (this.monotonicNow() >= this.dueAtMs) this.inFlight ??= this.refresh();
    if (this.held !== undefined) return this.held;
    if (this.inFlight !== undefined) await untilAborted(this.inFlight, signal);
    if (this.held !== undefined) return this.held;
    throw this.failure;
  }

  /** Ends a fetch that is under way. */
  close(): void {
    this.closing.abort();
  }

  private async refresh(): Promise<void> {
    let pauseMs = this.maxAgeMs;
    try {
      const limits = { timeoutMs: this.timeoutMs, maxBytes, signal: this.closing.signal };
      this.held = this.read(await fetchJson(this.address, limits));
      this.failures = 0;
    } catch (error) {
      this.failure = error;
      pauseMs = Math.min(firstRetryMs * 2 ** this.failures, lastRetryMs);
      this.failures += 1;
    }
    this.inFlight = undefined;
    this.dueAtMs = this.monotonicNow() + pauseMs;
  }

  private read(document: unknown): IssuerEndpoints {
    const metadata = (document ?? {}) as Record<string, unknown>;
    // Section 3.3: otherwise one issuer of a host could speak for another.
    if (metadata.issuer !== this.issuer) {
      throw this.fault(`\`issuer\` is ${JSON.stringify(metadata.issuer)}`);
    }
    const feed = metadata.revocation_feed;
    return {
      jwks: this.endpoint('jwks_uri', metadata.jwks_uri),
      revocationFeed: feed === undefined ? undefined : this.endpoint('revocation_feed', feed),
    };
  }

  private endpoint(member: string, value: unknown): string {
    if (typeof value !== 'string' || !URL.canParse(value)) {
      throw this.fault(`\`${member}\` is not an absolute address`);
    }
    const url = new URL(value);
    // An https issuer that points to plain http, even on this machine, would be a way around https.
    const isLocal = isLoopback(url) && this.address.startsWith('http:');
    const fault = addressFault(url, this.allowHttp || isLocal);
    if (fault !== undefined) throw this.fault(`\`${member}\` ${fault}`);
    return url.href;
  }

  private fault(what: string): IssuerError {
    return new IssuerError('bad_metadata', `${this.address}: ${what}`);
  }
}
