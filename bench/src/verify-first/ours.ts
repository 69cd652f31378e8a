import type { Contender } from '../harness/interleave.js';
import { ourVerifier } from '../tokens/our-verifier.js';
import type { Trust } from '../tokens/token-batch.js';

export function ours(trust: Trust): Contender<string> {
  const verifier = ourVerifier(trust);
  return { name: 'jwt-core', call: (token) => verifier.verify(token) };
}
