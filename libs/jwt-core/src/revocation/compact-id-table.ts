import {
  CompactIdFilter,
  CompactIdSegment,
  FILTER_PARTS,
  filterPartOf,
} from './compact-id-segment.js';
import { compactIdHash, type CompactId } from './compact-id.js';

const NEVER = 0xffff_ffff;

/**
 * An exact set of 128-bit ids, each with the second at which it may be forgotten.
 *
 * A million entries take some 38 MB outside the JavaScript heap, where a `Map` takes ten times as
 * much and makes the collector pause. The table is cut into segments that grow and shed expired
 * entries one by one, so that no single step takes long however large the whole is.
 */
export class CompactIdTable {
  private readonly filter = new CompactIdFilter();
  private readonly segments = Array.from(
    { length: FILTER_PARTS },
    (_, part) => new CompactIdSegment(this.filter, part),
  );
  private held = 0;

  get size(): number {
    return this.held;
  }

  /** Memory held, without the fixed cost of some 150 kilobytes. */
  get bytes(): number {
    return this.segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  has(id: CompactId): boolean {
    const hash = compactIdHash(id);
    return this.filter.mayHave(hash) && this.segments[filterPartOf(hash)]!.has(hash, id);
  }

  /**
   * Adds an id, or keeps the later `expiresAt` of one that is here already. What is not a second
   * between 1970 and 2106 is rounded to the safe side: an entry is never forgotten early.
   */
  add(id: CompactId, expiresAt: number): void {
    const hash = compactIdHash(id);
    if (this.segments[filterPartOf(hash)]!.add(hash, id, wholeSeconds(expiresAt))) this.held++;
  }

  /** Forgets what expired before the given second, one segment a step. */
  *prune(beforeSeconds: number): Generator<void> {
    for (const segment of this.segments) {
      this.held -= segment.prune(beforeSeconds);
      yield;
    }
  }
}

function wholeSeconds(expiresAt: number): number {
  if (!(expiresAt < NEVER)) return NEVER;
  return Math.max(1, Math.ceil(expiresAt));
}
