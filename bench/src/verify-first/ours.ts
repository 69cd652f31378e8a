import type { Contender } from '../harness/interleave.js';
import { ourParts } from '../tokens/our-verifier.js';
import type { Trust } from '../tokens/token-batch.js';

export function ours(trust: Trust): Contender<string> {
  const { verifier } = ourParts(trust);
  return { name: 'jwt-core', call: (token) => verifier.verify(token) };
}
