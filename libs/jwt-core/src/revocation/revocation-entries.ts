import { CompactIdTable } from './compact-id-table.js';
import { compactId, type CompactId } from './compact-id.js';
import type { Revocation } from './revocation.js';

/** What a revocation can name about a token. */
export interface RevocableToken {
  /** `jti` */
  readonly tokenId: CompactId;
  /** `sid`, if the token belongs to a session */
  readonly sessionId: CompactId | undefined;
  readonly clientId: string;
  /** A reference token was signed by no key. */
  readonly kid: string | undefined;
  /** `iat`, in seconds since the epoch */
  readonly issuedAt: number;
  /** `token_version`, if the issuer numbers the tokens of its clients */
  readonly tokenVersion?: number | undefined;
}

/** The ids and times of a token, as in its `Principal`. */
export interface TokenIds {
  readonly tokenId: string;
  readonly sessionId?: string | undefined;
  readonly clientId: string;
  readonly issuedAt: number;
}

/** A token in the form in which the list is searched for it. */
export function revocableToken(
  { tokenId, sessionId, clientId, issuedAt }: TokenIds,
  kid: string | undefined,
  tokenVersion: number | undefined,
): RevocableToken {
  return {
    tokenId: compactId(tokenId),
    sessionId: sessionId === undefined ? undefined : compactId(sessionId),
    clientId,
    kid,
    issuedAt,
    tokenVersion,
  };
}

interface ClientRevocation {
  readonly tokenVersion: number | undefined;
  readonly before: number;
  readonly exp: number;
}

/** The entries of a revocation list by kind: many tokens and sessions, few clients and keys. */
export class RevocationEntries {
  private readonly tokens = new CompactIdTable();
  private readonly sessions = new CompactIdTable();
  private readonly clients = new Map<string, ClientRevocation>();
  private readonly keys = new Map<string, number>();

  get size(): number {
    return this.tokens.size + this.sessions.size + this.clients.size + this.keys.size;
  }

  /**
   * Adding twice is adding once: of two entries for the same id the longer-lived and wider holds.
   */
  add({ kind, id, exp, before = Infinity, tokenVersion }: Revocation): void {
    switch (kind) {
      case 'jti':
        return this.tokens.add(compactId(id), exp);
      case 'sid':
        return this.sessions.add(compactId(id), exp);
      case 'client': {
        const known = this.clients.get(id);
        this.clients.set(id, {
          before: Math.max(known?.before ?? before, before),
          exp: Math.max(known?.exp ?? exp, exp),
          tokenVersion: later(known?.tokenVersion, tokenVersion),
        });
        return;
      }
      case 'kid':
        this.keys.set(id, Math.max(this.keys.get(id) ?? exp, exp));
        return;
      default:
        // A compile error for a kind without a rule. From JavaScript such an entry is ignored.
        kind satisfies never;
    }
  }

  covers(token: RevocableToken): boolean {
    const { tokenId, sessionId, kid } = token;
    return (
      this.tokens.has(tokenId) ||
      (sessionId !== undefined && this.sessions.has(sessionId)) ||
      (kid !== undefined && this.keys.has(kid)) ||
      this.coversClient(token)
    );
  }

  /**
   * Compares the versions of token and revocation, which follow the order of the issuer's database.
   * If one of them has none, `iat` decides, by the clock of the process that issued the token.
   */
  private coversClient({ clientId, tokenVersion, issuedAt }: RevocableToken): boolean {
    const revoked = this.clients.get(clientId);
    if (revoked === undefined) return false;
    if (tokenVersion !== undefined && revoked.tokenVersion !== undefined) {
      return tokenVersion < revoked.tokenVersion;
    }
    return issuedAt <= revoked.before;
  }

  coversKey(kid: string): boolean {
    return this.keys.has(kid);
  }

  /** Forgets what expired before the given second, in steps of well under a millisecond. */
  *prune(beforeSeconds: number): Generator<void> {
    for (const [id, { exp }] of this.clients) if (exp < beforeSeconds) this.clients.delete(id);
    for (const [id, exp] of this.keys) if (exp < beforeSeconds) this.keys.delete(id);
    yield;
    yield* this.tokens.prune(beforeSeconds);
    yield* this.sessions.prune(beforeSeconds);
  }
}

function later(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a;
}
