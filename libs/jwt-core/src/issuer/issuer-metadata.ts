import { backOffMs } from '../timing/back-off.js';
import { untilAborted } from '../timing/until-aborted.js';
import { DEFAULT_TIMEOUT_MS, fetchJson } from './issuer-request.js';
import {
  addressFault,
  innerAddress,
  isLoopback,
  type IssuerAddresses,
  metadataAddresses,
} from './issuer-address.js';
import { IssuerError, type IssuerErrorCode } from './issuer-error.js';

export interface IssuerMetadataOptions extends IssuerAddresses {
  /** For one fetch. */
  readonly timeoutMs?: number | undefined;
  /** Older metadata are fetched again in the background at the next call. */
  readonly maxAgeMs?: number | undefined;
  readonly monotonicNow?: (() => number) | undefined;
}

const MAX_BYTES = 64 * 1024;
// Short, because everything that waits for the issuer to come back waits for this too.
const RETRIES = { firstMs: 100, longestMs: 1_000 };

/** An answer, but none with metadata: they may be at another address. */
const NO_DOCUMENT: readonly IssuerErrorCode[] = ['bad_status', 'not_json'];

const errorOfAbort = (cause: unknown): IssuerError =>
  new IssuerError('aborted', 'The caller stopped waiting', { cause });

/**
 * The issuer's metadata (RFC 8414, OpenID Connect Discovery), fetched at the first call, once for
 * all simultaneous callers, and kept: while the issuer is down, the last good answer is used.
 */
export class IssuerMetadata {
  readonly issuer: string;
  /** For one request to the issuer. */
  readonly timeoutMs: number;
  private readonly addresses: readonly [string, ...string[]];
  private readonly maxAgeMs: number;
  private readonly monotonicNow: () => number;
  private readonly closing = new AbortController();
  private held: IssuerEndpoints | undefined;
  private inFlight: Promise<void> | undefined;
  private failure: unknown;
  private failures = 0;
  private dueAtMs = -Infinity;

  /** @throws IssuerError `address_invalid` */
  constructor(private readonly options: IssuerMetadataOptions) {
    this.issuer = options.issuer;
    this.timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.maxAgeMs = options.maxAgeMs ?? 60_000;
    this.monotonicNow = options.monotonicNow ?? (() => performance.now());
    this.addresses = metadataAddresses(options);
  }

  /**
   * The last good answer, or else the one that is being fetched. For a moment after a failure, at
   * most a second, callers get the same failure at once.
   *
   * @throws IssuerError any code but `address_invalid`
   */
  async endpoints(signal?: AbortSignal): Promise<IssuerEndpoints> {
    if (this.monotonicNow() >= this.dueAtMs) this.inFlight ??= this.refresh();
    if (this.held !== undefined) return this.held;
    if (this.inFlight !== undefined) await untilAborted(this.inFlight, signal, errorOfAbort);
    if (this.held !== undefined) return this.held;
    throw this.failure;
  }

  /** Aborted by `close`. */
  get closed(): AbortSignal {
    return this.closing.signal;
  }

  /** Ends a fetch that is under way. */
  close(): void {
    this.closing.abort();
  }

  private async refresh(): Promise<void> {
    let pauseMs = this.maxAgeMs;
    try {
      this.held = await this.load();
      this.failures = 0;
    } catch (error) {
      this.failure = error;
      this.failures += 1;
      pauseMs = backOffMs(this.failures, RETRIES);
    }
    this.inFlight = undefined;
    this.dueAtMs = this.monotonicNow() + pauseMs;
  }

  /** From the first address that has a document. */
  private async load(): Promise<IssuerEndpoints> {
    const { issuer, allowHttp = false, discoveryUrl } = this.options;
    const limits = { timeoutMs: this.timeoutMs, maxBytes: MAX_BYTES, signal: this.closing.signal };
    const [first, second] = this.addresses;
    const document = await fetchJson(first, limits).catch((error: unknown) => {
      const isAbsent = error instanceof IssuerError && NO_DOCUMENT.includes(error.code);
      if (second === undefined || !isAbsent) throw error;
      // If there is none either, the failure at the likelier address is the one to report.
      return fetchJson(second, limits).catch(() => Promise.reject(error));
    });
    return readEndpoints(document, issuer, allowHttp, discoveryUrl);
  }
}

/** The addresses at an issuer that services use. */
export interface IssuerEndpoints {
  /** `jwks_uri` (RFC 8414 section 2). */
  readonly jwks: string;
  /** `revocation_feed`, an extension member; `undefined` for an issuer without one. */
  readonly revocationFeed: string | undefined;
  /** `introspection_endpoint`, `token_endpoint`; `undefined` for an issuer without one. */
  readonly introspection: string | undefined;
  readonly token: string | undefined;
}

/**
 * Reads an issuer's metadata (RFC 8414 section 3.2). The endpoints may be on another host than the
 * issuer, as the RFC allows and large issuers do: an attacker who can forge the metadata of an
 * issuer can forge its keys as well.
 *
 * @throws IssuerError `bad_metadata` unless they are this issuer's, and name absolute `https`
 * addresses. Plain `http` only with `allowHttp`, or from a loopback issuer to a loopback address.
 *
 * @param discoveryUrl where the issuer is reached, if not at its own address: see `innerAddress`
 */
export function readEndpoints(
  document: unknown,
  issuer: string,
  allowHttp: boolean,
  discoveryUrl?: string,
): IssuerEndpoints {
  const metadata = (document ?? {}) as Record<string, unknown>;
  // Issuer mix-up (threat:issuer-mix-up, section 3.3): one issuer of a host must not answer for
  // another.
  if (metadata.issuer !== issuer) {
    throw new IssuerError(
      'bad_metadata',
      `The metadata of ${issuer} are of issuer ${JSON.stringify(metadata.issuer)}`,
    );
  }
  const address = (member: string): string => {
    const reached = reachedAt(metadata[member], issuer, discoveryUrl);
    const fault = endpointFault(reached, discoveryUrl ?? issuer, allowHttp);
    if (fault === undefined) return reached as string;
    throw new IssuerError('bad_metadata', `The metadata of ${issuer}: \`${member}\` ${fault}`);
  };
  const optional = (member: string): string | undefined =>
    metadata[member] === undefined ? undefined : address(member);
  return {
    jwks: address('jwks_uri'),
    revocationFeed: optional('revocation_feed'),
    introspection: optional('introspection_endpoint'),
    token: optional('token_endpoint'),
  };
}

function reachedAt(value: unknown, issuer: string, discoveryUrl: string | undefined): unknown {
  const isAddress = typeof value === 'string' && URL.canParse(value);
  if (discoveryUrl === undefined || !isAddress) return value;
  return innerAddress(value, issuer, discoveryUrl);
}

function endpointFault(value: unknown, source: string, allowHttp: boolean): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return 'is not an absolute address';
  const url = new URL(value);
  // Downgrade (threat:downgrade): an https issuer must not point to plain http, even on this
  // machine.
  const isLocal = isLoopback(url) && source.startsWith('http:');
  return addressFault(url, allowHttp || isLocal);
}
