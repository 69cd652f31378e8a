/** In how many parts it is kept, by the lower eight bits of a hash. */
export const FILTER_PARTS = 256;
const PART_BITS = 12;
const PART_WORDS = 2 ** (PART_BITS - 5);

/**
 * Recognises most ids that are not in a table: a Bloom filter with one hash function, one bit for
 * each shortened hash of the ids that are there. It reads memory once; a search in the table reads an
 * object, a row of blocks, a block and a slot. Without it a first verification takes 1.27 times its
 * signature's check in place of 1.23 (`npm run bench -- verify-first`), and falls behind a peer.
 *
 * It may report an id that is not there, and never misses one that is: a bit is cleared only together
 * with its whole part, and the ids that remain in the part are added again.
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

/** Its part, and then bits that choose neither that nor, as the uppermost do, a slot of the table. */
function bitOf(hash: number): number {
  return (filterPartOf(hash) << PART_BITS) | ((hash >>> 8) & (2 ** PART_BITS - 1));
}
