import { randomUUID } from 'node:crypto';
import type { Revocation } from './revocation.js';
import type { RevocationBatch, RevocationSource } from './revocation-source.js';

/** A source over a list of its own, empty at first. */
export interface SourceUnderTest {
  readonly source: RevocationSource;
  /** Adds entries, as one action would, and returns when they are committed. */
  revoke(revocations: readonly Revocation[]): Promise<void>;
  /** A cursor that another list of the same kind gave. */
  foreignCursor(): Promise<string>;
  close(): Promise<void>;
}

/** The source of the test that runs. */
export interface AskedSource {
  readonly ask: (
    after?: string,
    waitSeconds?: number,
    signal?: AbortSignal,
  ) => Promise<RevocationBatch>;
  readonly revoke: (revocations: readonly Revocation[]) => Promise<void>;
  readonly foreignCursor: () => Promise<string>;
}

export const nowSeconds = () => Math.floor(Date.now() / 1000);
export const jti = (exp = nowSeconds() + 900): Revocation => ({
  kind: 'jti',
  id: randomUUID(),
  exp,
});
/** Entries as they can be compared, in whatever order they were given. */
export const lines = (entries: readonly Revocation[]) =>
  entries.map(({ kind, id, exp, before }) => [kind, id, exp, before].join(' ')).sort();
