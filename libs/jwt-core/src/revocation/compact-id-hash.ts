import type { CompactId } from './compact-id.js';

/**
 * 32 bits out of an id, by which it is found: a signed word, which V8 hands on without a box.
 * Spreads ids whose bits are partly constant (version, variant) or rising (UUIDv7).
 */
export function compactIdHash({ a, b, c, d }: CompactId): number {
  let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
  hash ^= Math.imul(c, 0xc2b2ae35) ^ Math.imul(d, 0x27d4eb2f);
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
  return hash ^ (hash >>> 15);
}
