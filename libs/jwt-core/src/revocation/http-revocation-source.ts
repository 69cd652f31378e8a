import { IssuerError, type IssuerErrorCode } from '../issuer/issuer-error.js';
import type { IssuerMetadata } from '../issuer/issuer-metadata.js';
import { DEFAULT_TIMEOUT_MS, fetchJson } from '../issuer/issuer-request.js';
import { REVOCATION_KINDS, type Revocation, type RevocationKind } from './revocation.js';
import {
  MAX_CURSOR_LENGTH,
  MAX_WAIT_SECONDS,
  type ReadOptions,
  type RevocationBatch,
  type RevocationSource,
  RevocationSourceError,
  type RevocationSourceErrorCode,
} from './revocation-source.js';

/** Several times what 10,000 entries take. */
const MAX_BYTES = 4 * 1024 * 1024;
/** A Node server reads 16 KiB of request line and headers. */
const MAX_ADDRESS_LENGTH = 14 * 1024;
/** A service that ends does not wait longer for an issuer that hangs. */
const LEAVE_TIMEOUT_MS = 1_000;

/** Far beyond what is issued: an odd id is better enforced than a reason to lose the feed. */
const MAX_TEXT_LENGTH = 1_024;
const VISIBLE_ASCII = /^[\x21-\x7e]+$/;

const CODES: Record<IssuerErrorCode, RevocationSourceErrorCode> = {
  address_invalid: 'unavailable',
  unreachable: 'unavailable',
  bad_status: 'unavailable',
  timed_out: 'timed_out',
  aborted: 'aborted',
  too_large: 'bad_answer',
  not_json: 'bad_answer',
  bad_metadata: 'bad_answer',
};

/**
 * How a service names itself when it reads a feed, so that the issuer can report who has applied a
 * revocation. A name proves nothing and gives no rights.
 */
export interface FollowerIdentity {
  readonly service: string;
  /** One process of the service. */
  readonly instance: string;
  /** What the process runs. */
  readonly version?: string | undefined;
}

const NAME = /^[a-z\d][\w.:/@+-]{0,63}$/i;

/** What {@link isFollowerName} requires, for messages. */
export const FOLLOWER_NAME_FORM =
  '1 to 64 ASCII letters, digits and ._:/@+-, beginning with a letter or digit';

/** Whether this can be the name of a service, an instance or a version. */
export function isFollowerName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}

/** The revocation feed that the issuer's metadata name, over HTTP. */
export class HttpRevocationSource implements RevocationSource {
  /** Of the last read: with it, the last request of all gets a small answer. */
  private lastAfter: string | undefined;

  /** @param follower the name that each request carries. Default: none. */
  constructor(
    private readonly metadata: IssuerMetadata,
    private readonly follower?: FollowerIdentity,
  ) {}

  /** @throws RevocationSourceError */
  async read(after: string | undefined, options: ReadOptions): Promise<RevocationBatch> {
    const { signal } = options;
    const waitSeconds = Math.min(options.waitSeconds, MAX_WAIT_SECONDS);
    this.lastAfter = after;
    try {
      const address = await this.address(after, waitSeconds, signal);
      const limits = {
        maxBytes: MAX_BYTES,
        timeoutMs: waitSeconds * 1000 + DEFAULT_TIMEOUT_MS,
        signal,
      };
      return readBatch(await fetchJson(address, limits));
    } catch (error) {
      if (!(error instanceof IssuerError)) throw error;
      throw new RevocationSourceError(CODES[error.code], error.message, { cause: error });
    }
  }

  /**
   * Reports that this process reads no more, so that nobody waits for it. If the issuer does not
   * answer within a second, it learns that from the silence.
   */
  async leave(): Promise<void> {
    const { lastAfter } = this;
    if (this.follower === undefined || lastAfter === undefined) return;
    this.lastAfter = undefined;
    const leaving = async (): Promise<void> => {
      const url = new URL(await this.address(lastAfter, 0, undefined));
      url.searchParams.set('leaving', 'true');
      await fetchJson(url.href, { maxBytes: MAX_BYTES, timeoutMs: LEAVE_TIMEOUT_MS });
    };
    await leaving().catch(() => undefined);
  }

  private async address(
    after: string | undefined,
    waitSeconds: number,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const { revocationFeed } = await this.metadata.endpoints(signal);
    if (revocationFeed === undefined) {
      const message =
        `The metadata of ${this.metadata.issuer} name no revocation_feed. An issuer without one ` +
        "needs the option revocations: a source of your own, or 'none'";
      throw new RevocationSourceError('no_feed', message);
    }
    const url = new URL(revocationFeed);
    url.searchParams.set('wait', String(waitSeconds));
    // Age and horizon of the answer, from an issuer that knows them.
    url.searchParams.set('details', 'true');
    for (const [name, value] of Object.entries({ ...this.follower })) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    if (after === undefined) return url.href;
    const snapshot = url.href;
    url.searchParams.set('after', after);
    // Too long for a request line: no cursor of this feed, so the whole list is read again.
    return url.href.length <= MAX_ADDRESS_LENGTH ? url.href : snapshot;
  }
}

/**
 * A batch out of an answer of the feed. Feed tampering (threat:feed-tampering): one malformed entry
 * spoils the whole, as leaving it out would silently accept a revoked token.
 *
 * Members and kinds that this version does not know are left out, so that an issuer may be updated
 * before its services: they concern features that no token has here yet.
 *
 * @throws RevocationSourceError `bad_answer`
 */
export function readBatch(document: unknown): RevocationBatch {
  if (!isObject(document)) throw fault('it is no object');
  const { cursor, reset, more, jwks, ageMs, expiredBefore, entries } = document;
  if (!isCursor(cursor)) {
    throw fault(`\`cursor\` is no text of 1 to ${MAX_CURSOR_LENGTH} visible ASCII characters`);
  }
  if (typeof reset !== 'boolean') throw fault('`reset` is no boolean');
  if (typeof more !== 'boolean') throw fault('`more` is no boolean');
  if (jwks !== undefined && !isIdentifier(jwks)) throw fault('`jwks` is no fingerprint');
  if (expiredBefore !== undefined && !isWhole(expiredBefore)) {
    throw fault('`expiredBefore` is no whole number');
  }
  if (!Array.isArray(entries)) throw fault('`entries` is no array');
  return {
    cursor,
    reset,
    more,
    ...(jwks !== undefined && { jwks }),
    // Only for measurements: a wrong age is no reason to lose the feed.
    ...(isAge(ageMs) && { ageMs }),
    ...(expiredBefore !== undefined && { expiredBefore }),
    entries: readEntries(entries),
  };
}

function readEntries(entries: readonly unknown[]): Revocation[] {
  const known: Revocation[] = [];
  entries.forEach((entry, index) => {
    const read = readEntry(entry, index);
    if (read !== undefined) known.push(read);
  });
  return known;
}

function readEntry(entry: unknown, index: number): Revocation | undefined {
  // Put together only when it is thrown, as a page has thousands of entries.
  const fail = (what: string) => fault(`entries[${index}] ${what}`);
  if (!isObject(entry)) throw fail('is no object');
  const { kind, id, exp, before, tokenVersion } = entry;
  if (typeof kind !== 'string') throw fail('has no kind');
  if (!isKnown(kind)) return undefined;
  if (!isIdentifier(id)) throw fail('has no id of 1 to 1,024 characters');
  if (!isWhole(exp)) throw fail('has no whole `exp`');
  if (kind !== 'client') return { kind, id, exp };
  const isNumbered = tokenVersion !== undefined;
  if (isNumbered && !isWhole(tokenVersion)) throw fail('has no whole `tokenVersion`');
  const isDated = before !== undefined || !isNumbered;
  if (isDated && !isWhole(before)) throw fail('has no whole `before`');
  return { kind, id, exp, ...(isDated && { before }), ...(isNumbered && { tokenVersion }) };
}

function isKnown(kind: string): kind is RevocationKind {
  return (REVOCATION_KINDS as readonly string[]).includes(kind);
}

function isCursor(value: unknown): value is string {
  return (
    typeof value === 'string' && value.length <= MAX_CURSOR_LENGTH && VISIBLE_ASCII.test(value)
  );
}

function isAge(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Infinity;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isIdentifier(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= MAX_TEXT_LENGTH &&
    // Two ids that differ only in lone surrogates would have one hash.
    value.isWellFormed()
  );
}

function fault(what: string): RevocationSourceError {
  return new RevocationSourceError('bad_answer', `Not an answer of a revocation feed: ${what}`);
}
