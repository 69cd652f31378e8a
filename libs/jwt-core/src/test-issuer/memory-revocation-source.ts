import { randomUUID } from 'node:crypto';
import { PRUNE_GRACE_SECONDS } from '../revocation/revocation-list.js';
import {
  PAGE_SIZE,
  type ReadOptions,
  type RevocationBatch,
  type RevocationSource,
} from '../revocation/revocation-source.js';
import type { Revocation, RevocationKind } from '../revocation/revocation.js';
import { MAX_TOKEN_LIFETIME_MS } from '../verifier/claims.js';
import type { TokenVersions } from './access-token.js';

export interface MemoryRevocationSourceOptions {
  /** The fingerprint of the key set, called for each batch. */
  readonly fingerprint?: () => string;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** What a cursor stands for: how far a reader has read, and which key set it knows. */
interface Place {
  readonly position: number;
  readonly fingerprint: string | undefined;
}

/** A list of revocations in memory, with all that `RevocationSource` promises. */
export class MemoryRevocationSource implements RevocationSource {
  private readonly id = randomUUID();
  private readonly entries: Revocation[] = [];
  private readonly waiting = new Set<() => void>();
  private readonly fingerprint: (() => string) | undefined;
  private readonly now: () => number;

  constructor({ fingerprint, now = Date.now }: MemoryRevocationSourceOptions = {}) {
    this.fingerprint = fingerprint;
    this.now = now;
  }

  add(revocations: readonly Revocation[]): void {
    for (const revocation of revocations) this.entries.push(revocation);
    this.wake();
  }

  /** How many revocations a reader has that was sent this cursor. */
  static countOf(cursor: string): number {
    return Number(cursor.split('.', 2)[1]);
  }

  get count(): number {
    return this.entries.length;
  }

  /** All of them, where `read` gives a page. */
  get all(): readonly Revocation[] {
    return this.entries;
  }

  /** Answers all waiting reads. Call it when the fingerprint has changed. */
  wake(): void {
    for (const answer of this.waiting) answer();
  }

  async read(after: string | undefined, options: ReadOptions): Promise<RevocationBatch> {
    const { waitSeconds, signal } = options;
    signal?.throwIfAborted();
    const place = this.placeOf(after);
    if (place !== undefined && !this.hasNews(place)) await this.news(waitSeconds * 1000, signal);
    return this.batch(place);
  }

  private hasNews({ position, fingerprint }: Place): boolean {
    return position < this.entries.length || fingerprint !== this.fingerprint?.();
  }

  private news(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        this.waiting.delete(end);
        if (signal?.aborted) reject(signal.reason as Error);
        else resolve();
      };
      const timer = setTimeout(end, waitMs);
      signal?.addEventListener('abort', end);
      this.waiting.add(end);
    });
  }

  private batch(place: Place | undefined): RevocationBatch {
    const start = place?.position ?? 0;
    const position = Math.min(start + PAGE_SIZE, this.entries.length);
    const expiredBefore = Math.floor(this.now() / 1000) - PRUNE_GRACE_SECONDS;
    const jwks = this.fingerprint?.();
    return {
      cursor: [this.id, position, ...(jwks === undefined ? [] : [jwks])].join('.'),
      reset: place === undefined,
      more: position < this.entries.length,
      ...(jwks === undefined ? {} : { jwks }),
      expiredBefore,
      entries: this.entries.slice(start, position).filter(({ exp }) => exp >= expiredBefore),
    };
  }

  private placeOf(cursor: string | undefined): Place | undefined {
    const [id, digits = '', fingerprint] = (cursor ?? '').split('.', 3);
    const position = Number(digits);
    const isOurs = id === this.id && /^\d+$/.test(digits) && position <= this.entries.length;
    return isOurs ? { position, fingerprint } : undefined;
  }
}

/** What to revoke. `exp` and `before` are in seconds; see `Revocation`. */
export interface NewRevocation {
  readonly kind: RevocationKind;
  readonly id: string;
  /** Default: in a day, when all present tokens have expired. */
  readonly exp?: number;
  /**
   * Only for `client`: revokes as an issuer does whose tokens carry no `token_version`, by `iat`.
   * Default: now, and by `token_version`. Use one of the two for one client.
   */
  readonly before?: number;
}

/** The revocation with its defaults. That of a client counts in `versions`. */
export function revocationOf(
  { kind, id, exp, before }: NewRevocation,
  nowSeconds: number,
  versions: TokenVersions,
): Revocation {
  return {
    kind,
    id,
    exp: exp ?? nowSeconds + MAX_TOKEN_LIFETIME_MS / 1000,
    ...(kind === 'client' && { before: before ?? nowSeconds }),
    ...(kind === 'client' && before === undefined && { tokenVersion: versions.next(id) }),
  };
}
