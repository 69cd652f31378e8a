import { CompactIdSegment } from './compact-id-segment.js';
import { compactIdHash, type CompactId } from './compact-id.js';

const never = 0xffff_ffff;
/** A power of two: the lower bits of a hash choose the segment. */
const segmentCount = 256;

/**
 * An exact set of 128-bit ids, each with the second at which it may be forgotten.
 *
 * A million entries take some 38 MB outside the JavaScript heap, where a `Map` takes ten times as
 * much and makes the collector pause. The table is cut into segments that grow and shed expired
 * entries one by one, so that no single step takes long however large the whole is.
 */
export class CompactIdTable {
  private readonly segments = Array.from({ length: segmentCount }, () => new CompactIdSegment());
  private held = 0;

  get size(): number {
    return this.held;
  }

  /** Memory held, without the fixed cost of its segments. */
  get bytes(): number {
    return this.segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  has(id: CompactId): boolean {
    const hash = compactIdHash(id);
    return this.segmentOf(hash).has(hash, id);
  }

  /**
   * Adds an id, or keeps the later `expiresAt` of one that is here already. What is not a second
   * between 1970 and 2106 is rounded to the safe side: an entry is never forgotten early.
   */
  add(id: CompactId, expiresAt: number): void {
    const hash = compactIdHash(id);
    if (this.segmentOf(hash).add(hash, id, wholeSeconds(expiresAt))) this.held++;
  }

  /** Forgets what expired before the given second, one segment a step. */
  *prune(beforeSeconds: number): Generator<void> {
    for (const segment of this.segments) {
      this.held -= segment.prune(beforeSeconds);
      yield;
    }
  }

  /** By the bits: the remainder of a signed word may be negative. */
  private segmentOf(hash: number): CompactIdSegment {
    return this.segments[hash & (segmentCount - 1)]!;
  }
}

function wholeSeconds(expiresAt: number): number {
  if (!(expiresAt < never)) return never;
  return Math.max(1, Math.ceil(expiresAt));
}
