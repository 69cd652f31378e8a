import type { CompactId } from './compact-id.js';

/** The words of an entry: the id's four, then `exp`. An `exp` of 0 marks a free slot. */
const stride = 5;
const exp = 4;
const segmentCount = 256;
const firstCapacity = 8;
const growth = 1.5;
const fullest = 0.7;
const never = 0xffff_ffff;
const untouched = new Int32Array(stride);

/**
 * An exact set of 128-bit ids, each with the second at which it may be forgotten.
 *
 * A million entries take some 40 MB outside the JavaScript heap, where a `Map` takes ten times as
 * much and makes the collector pause. The table is cut into segments that grow and shed expired
 * entries one by one, so that no single step takes long however large the whole is.
 */
export class CompactIdTable {
  private readonly segments = new Array<Int32Array>(segmentCount).fill(untouched);
  private readonly used = new Uint32Array(segmentCount);
  private held = 0;

  get size(): number {
    return this.held;
  }

  /** Memory held, without the fixed cost of some ten kilobytes. */
  get bytes(): number {
    return this.segments.reduce((sum, slots) => sum + slots.byteLength, 0);
  }

  has(id: CompactId): boolean {
    const hash = mix(id);
    const slots = this.segments[hash % segmentCount]!;
    return slots[slotOf(slots, hash, id) + exp] !== 0;
  }

  /**
   * Adds an id, or keeps the later `expiresAt` of one that is here already. What is not a second
   * between 1970 and 2106 is rounded to the safe side: an entry is never forgotten early.
   */
  add(id: CompactId, expiresAt: number): void {
    const hash = mix(id);
    const segment = hash % segmentCount;
    const slots = this.segments[segment]!;
    const slot = slotOf(slots, hash, id);
    const seconds = wholeSeconds(expiresAt);
    if (slots[slot + exp] !== 0) {
      slots[slot + exp] = Math.max(slots[slot + exp]! >>> 0, seconds);
      return;
    }
    const used = ++this.used[segment]!;
    this.held++;
    const capacity = slots.length / stride;
    if (used > capacity * fullest) {
      const larger = Math.max(firstCapacity, Math.ceil(capacity * growth));
      this.segments[segment] = rebuilt(slots, larger, 0);
    }
    put(this.segments[segment]!, hash, id, seconds);
  }

  /** Forgets what expired before the given second, one segment a step. */
  *prune(beforeSeconds: number): Generator<void> {
    for (let segment = 0; segment < segmentCount; segment++) {
      this.pruneSegment(segment, beforeSeconds);
      yield;
    }
  }

  private pruneSegment(segment: number, beforeSeconds: number): void {
    const slots = this.segments[segment]!;
    let expired = 0;
    for (let at = exp; at < slots.length; at += stride) {
      if (slots[at] !== 0 && slots[at]! >>> 0 < beforeSeconds) expired++;
    }
    if (expired === 0) return;
    // Rebuilding leaves no tombstones, which would lengthen every later search.
    const left = (this.used[segment]! -= expired);
    this.held -= expired;
    const capacity = Math.ceil((left / fullest) * Math.sqrt(growth));
    this.segments[segment] =
      left === 0 ? untouched : rebuilt(slots, Math.max(firstCapacity, capacity), beforeSeconds);
  }
}

/**
 * Hash collisions lengthen a search and never change its answer. Spreads ids whose bits are partly
 * constant (version, variant) or rising (UUIDv7).
 */
function mix({ a, b, c, d }: CompactId): number {
  let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
  hash ^= Math.imul(c, 0xc2b2ae35) ^ Math.imul(d, 0x27d4eb2f);
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** Where the id is, or else the free slot where it would be. */
function slotOf(slots: Int32Array, hash: number, id: CompactId): number {
  // The upper bits choose the slot, as the lower ones chose the segment.
  let at = Math.floor((hash / 2 ** 32) * (slots.length / stride)) * stride;
  while (
    slots[at + exp] !== 0 &&
    (slots[at] !== id.a ||
      slots[at + 1] !== id.b ||
      slots[at + 2] !== id.c ||
      slots[at + 3] !== id.d)
  ) {
    at += stride;
    if (at === slots.length) at = 0;
  }
  return at;
}

function put(slots: Int32Array, hash: number, id: CompactId, seconds: number): void {
  const at = slotOf(slots, hash, id);
  slots[at] = id.a;
  slots[at + 1] = id.b;
  slots[at + 2] = id.c;
  slots[at + 3] = id.d;
  slots[at + exp] = seconds;
}

function rebuilt(slots: Int32Array, capacity: number, beforeSeconds: number): Int32Array {
  const next = new Int32Array(capacity * stride);
  for (let at = 0; at < slots.length; at += stride) {
    const seconds = slots[at + exp]! >>> 0;
    if (seconds === 0 || seconds < beforeSeconds) continue;
    const id = { a: slots[at]!, b: slots[at + 1]!, c: slots[at + 2]!, d: slots[at + 3]! };
    put(next, mix(id), id, seconds);
  }
  return next;
}

function wholeSeconds(expiresAt: number): number {
  if (!(expiresAt < never)) return never;
  return Math.max(1, Math.ceil(expiresAt));
}
