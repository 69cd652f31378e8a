import { type CompactId, compactIdHash } from './compact-id.js';

/** In how many parts it is kept, by the lower eight bits of a hash. */
export const FILTER_PARTS = 256;
const PART_BITS = 12;
const PART_WORDS = 2 ** (PART_BITS - 5);

/**
 * Recognises most ids that are not in a table: a Bloom filter with one hash function, one bit for
 * each shortened hash of the ids that are there. It reads memory once; a search in the table reads
 * an object, a row of blocks, a block and a slot. Without it a first verification takes 1.27 times
 * its signature's check in place of 1.23 (`npm run bench -- verify-first`), and falls behind a
 * peer.
 *
 * It may report an id that is not there, and never misses one that is: a bit is cleared only
 * together with its whole part, and the ids that remain in the part are added again.
 */
export class CompactIdFilter {
  private readonly words = new Int32Array(FILTER_PARTS * PART_WORDS);

  mayHave(hash: number): boolean {
    const bit = bitOf(hash);
    return (this.words[bit >>> 5]! & (1 << bit)) !== 0;
  }

  add(hash: number): void {
    const bit = bitOf(hash);
    this.words[bit >>> 5]! |= 1 << bit;
  }

  clear(part: number): void {
    this.words.fill(0, part * PART_WORDS, (part + 1) * PART_WORDS);
  }
}

/** The part that a hash belongs to. By its bits: the remainder of a signed word may be negative. */
export function filterPartOf(hash: number): number {
  return hash & (FILTER_PARTS - 1);
}

/**
 * Its part, and then bits that choose neither that nor, as the uppermost do, a slot of the table.
 */
function bitOf(hash: number): number {
  return (filterPartOf(hash) << PART_BITS) | ((hash >>> 8) & (2 ** PART_BITS - 1));
}

/** The words of an entry: the id's four, then `exp`. An `exp` of 0 marks a free slot. */
const STRIDE = 5;
const EXP = 4;
const FIRST_CAPACITY = 8;
const GROWTH = 1.4;
const FULLEST = 0.7;
/** A block has 256 slots. */
const BLOCK_BITS = 8;
const BLOCK_CAPACITY = 1 << BLOCK_BITS;
const UNTOUCHED = new Int32Array(STRIDE);
/** Where entries are while their segment is rearranged. */
let aside = new Int32Array(0);

/**
 * A part of a `CompactIdTable`: open addressing in a row of slots.
 *
 * The row is made of blocks, which are kept when it grows. A longer array in place of the one
 * before would leave the collector a hundred megabytes on the way to a million entries, for which
 * it goes through the whole heap again and again, and holds the process up.
 */
export class CompactIdSegment {
  /** Whole ones, but for the last. */
  private blocks = [UNTOUCHED];
  private capacity = 1;
  private used = 0;

  /** @param part of the filter, which holds exactly the ids of this segment */
  constructor(
    private readonly filter: CompactIdFilter,
    private readonly part: number,
  ) {}

  get bytes(): number {
    return this.blocks.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  has(hash: number, id: CompactId): boolean {
    const slot = this.slotOf(hash, id);
    return this.blocks[slot >>> BLOCK_BITS]![offsetOf(slot) + EXP] !== 0;
  }

  /**
   * Adds an id, or keeps the later expiry of one that is here already.
   *
   * @param seconds a whole number from 1 to 2^32 - 1
   * @returns whether it was added
   */
  add(hash: number, id: CompactId, seconds: number): boolean {
    const slot = this.slotOf(hash, id);
    const block = this.blocks[slot >>> BLOCK_BITS]!;
    const at = offsetOf(slot) + EXP;
    if (block[at] !== 0) {
      block[at] = Math.max(block[at]! >>> 0, seconds);
      return false;
    }
    this.used++;
    if (this.used > this.capacity * FULLEST) this.rearrange(this.capacity * GROWTH, 0);
    this.put(hash, id, seconds);
    return true;
  }

  /** Forgets what expired before the given second. @returns how many entries that were */
  prune(beforeSeconds: number): number {
    let expired = 0;
    for (const block of this.blocks) {
      for (let at = EXP; at < block.length; at += STRIDE) {
        if (block[at] !== 0 && block[at]! >>> 0 < beforeSeconds) expired++;
      }
    }
    if (expired === 0) return 0;
    this.used -= expired;
    // Putting what is left in order leaves no tombstones, which would lengthen every later search.
    const roomy = (this.used / FULLEST) * Math.sqrt(GROWTH);
    this.rearrange(Math.min(roomy, this.capacity), beforeSeconds);
    return expired;
  }

  /** Makes room for so many entries, and forgets what expired before the given second. */
  private rearrange(capacity: number, beforeSeconds: number): void {
    const words = this.setAside(beforeSeconds);
    this.resize(Math.max(Math.ceil(capacity), FIRST_CAPACITY));
    this.filter.clear(this.part);
    for (let at = 0; at < words; at += STRIDE) {
      const id = { a: aside[at]!, b: aside[at + 1]!, c: aside[at + 2]!, d: aside[at + 3]! };
      this.put(compactIdHash(id), id, aside[at + EXP]!);
    }
  }

  /** Empties the blocks. @returns how many words of `aside` are entries now */
  private setAside(beforeSeconds: number): number {
    const most = this.capacity * STRIDE;
    if (aside.length < most) aside = new Int32Array(2 * most);
    let words = 0;
    for (const block of this.blocks) {
      for (let at = 0; at < block.length; at += STRIDE) {
        const seconds = block[at + EXP]! >>> 0;
        if (seconds === 0 || seconds < beforeSeconds) continue;
        aside[words++] = block[at]!;
        aside[words++] = block[at + 1]!;
        aside[words++] = block[at + 2]!;
        aside[words++] = block[at + 3]!;
        aside[words++] = seconds;
      }
      block.fill(0);
    }
    return words;
  }

  private resize(capacity: number): void {
    const whole = Math.floor(capacity / BLOCK_CAPACITY);
    const isWhole = (block: Int32Array) => block.length === BLOCK_CAPACITY * STRIDE;
    const blocks = this.blocks.filter(isWhole).slice(0, whole);
    while (blocks.length < whole) blocks.push(new Int32Array(BLOCK_CAPACITY * STRIDE));
    const rest = capacity % BLOCK_CAPACITY;
    if (rest > 0) blocks.push(new Int32Array(rest * STRIDE));
    this.blocks = blocks;
    this.capacity = capacity;
  }

  private put(hash: number, id: CompactId, seconds: number): void {
    const slot = this.slotOf(hash, id);
    const block = this.blocks[slot >>> BLOCK_BITS]!;
    const at = offsetOf(slot);
    block[at] = id.a;
    block[at + 1] = id.b;
    block[at + 2] = id.c;
    block[at + 3] = id.d;
    block[at + EXP] = seconds;
    this.filter.add(hash);
  }

  /** Where the id is, or else the free slot where it would be. */
  private slotOf(hash: number, id: CompactId): number {
    const { blocks, capacity } = this;
    // The upper bits choose the slot, as the lower ones chose the segment.
    let slot = Math.floor(((hash >>> 0) / 2 ** 32) * capacity);
    for (;;) {
      const block = blocks[slot >>> BLOCK_BITS]!;
      const at = offsetOf(slot);
      if (block[at + EXP] === 0) return slot;
      // Hash collisions (threat:hash-collisions) lengthen a search and never change its answer: all
      // 128 bits are compared.
      const isHere =
        block[at] === id.a &&
        block[at + 1] === id.b &&
        block[at + 2] === id.c &&
        block[at + 3] === id.d;
      if (isHere) return slot;
      if (++slot === capacity) slot = 0;
    }
  }
}

function offsetOf(slot: number): number {
  return (slot & (BLOCK_CAPACITY - 1)) * STRIDE;
}
