import { revocationsOf, type RevocationKey, type Subject } from './subject.js';

/** A revocation as the driver saw it. Times are those of the run, in milliseconds. */
export interface RecordedRevocation extends RevocationKey {
  /** When it was first requested. From then on it may be in effect. */
  readonly attemptedAtMs: number;
  /** When it was first answered with 2xx. From then on it must be in effect. */
  readonly acknowledgedAtMs: number | undefined;
}

/** The revocations of a token, and the earliest times of all of them. */
export interface Fate {
  readonly attemptedAtMs: number;
  /** Infinity while nothing was acknowledged. */
  readonly acknowledgedAtMs: number;
  readonly by: readonly RecordedRevocation[];
}

/** Every requested revocation. */
export class RevocationRecord {
  private readonly known = new Map<string, RecordedRevocation>();

  /** Call it before the request is sent. */
  attempted(revocation: RevocationKey, atMs: number): void {
    const key = keyOf(revocation);
    if (this.known.has(key)) return;
    this.known.set(key, { ...revocation, attemptedAtMs: atMs, acknowledgedAtMs: undefined });
  }

  acknowledged(revocation: RevocationKey, atMs: number): void {
    const attempted = this.known.get(keyOf(revocation));
    if (!attempted) throw new Error('Acknowledged, but never attempted');
    if (attempted.acknowledgedAtMs !== undefined) return;
    this.known.set(keyOf(revocation), { ...attempted, acknowledgedAtMs: atMs });
  }

  all(): RecordedRevocation[] {
    return [...this.known.values()];
  }

  fateOf(subject: Subject): Fate {
    const by = revocationsOf(subject).flatMap((way) => this.known.get(keyOf(way)) ?? []);
    return {
      attemptedAtMs: Math.min(Infinity, ...by.map(({ attemptedAtMs }) => attemptedAtMs)),
      acknowledgedAtMs: Math.min(
        Infinity,
        ...by.map(({ acknowledgedAtMs = Infinity }) => acknowledgedAtMs),
      ),
      by,
    };
  }
}

export function keyOf({ kind, id, generation }: RevocationKey): string {
  return generation === undefined ? `${kind} ${id}` : `${kind} ${id} ${generation}`;
}
