import { compactId, type Revocation, RevocationList } from '@jwt-auth/jwt-core';

/** The names of the contenders. */
export type RevokedIdsName = 'RevocationList' | 'Map' | 'Set';

/** Somewhere to keep the ids of revoked tokens. */
export interface RevokedIds {
  add(entries: readonly Revocation[]): void;
  has(id: string): boolean;
  /** Forgets what expired before a second. Each step is what happens in one go. */
  readonly prune?: (beforeSeconds: number) => Iterator<void>;
}

export const revokedIds: Record<RevokedIdsName, () => RevokedIds> = {
  RevocationList: () => {
    const list = new RevocationList({ maxStalenessMs: 3_600_000 });
    const others = { sessionId: undefined, clientId: 'web', kid: 'key', issuedAt: 0 };
    list.apply({ cursor: '', reset: true, more: false, entries: [] }, 0);
    return {
      add: (entries) => list.confirm(entries, 0),
      has: (id) => list.isRevoked({ tokenId: compactId(id), ...others }),
      prune: (beforeSeconds) => list.pruneInSteps(beforeSeconds),
    };
  },
  Map: () => {
    const expiries = new Map<string, number>();
    return {
      add: (entries) => {
        for (const { id, exp } of entries) expiries.set(id, exp);
      },
      has: (id) => expiries.has(id),
      prune: function* (beforeSeconds) {
        for (const [id, exp] of expiries) if (exp < beforeSeconds) expiries.delete(id);
        yield;
      },
    };
  },
  Set: () => {
    // It has no place for an expiry: it can only grow.
    const ids = new Set<string>();
    return {
      add: (entries) => {
        for (const { id } of entries) ids.add(id);
      },
      has: (id) => ids.has(id),
    };
  },
};
