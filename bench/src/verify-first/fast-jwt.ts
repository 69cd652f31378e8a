import { createVerifier } from 'fast-jwt';
import type { Contender } from '../harness/interleave.js';
import type { Trust } from '../tokens/token-batch.js';

export function fastJwt({ publicKey, issuer, audience }: Trust): Contender<string> {
  const verify = createVerifier({
    key: publicKey.export({ type: 'spki', format: 'pem' }),
    algorithms: ['RS256'],
    allowedIss: issuer,
    allowedAud: audience,
    cache: false,
  }) as (token: string) => unknown;
  return { name: 'fast-jwt', call: verify };
}
