import { createVerifier } from 'fast-jwt';
import type { Contender } from '../harness/interleave.js';
import type { Trust } from '../tokens/token-batch.js';

/** With the cache as large as ours. Once verified, a token is not asked about again. */
export function fastJwtCache({ publicKey, issuer, audience }: Trust): Contender<string> {
  const verify = createVerifier({
    key: publicKey.export({ type: 'spki', format: 'pem' }),
    algorithms: ['RS256'],
    allowedIss: issuer,
    allowedAud: audience,
    cache: 10_000,
  }) as (token: string) => unknown;
  return { name: 'fast-jwt with its cache', call: verify };
}
