import { JwtService } from '@nestjs/jwt';
import type { Contender } from '../harness/interleave.js';
import type { Trust } from '../tokens/token-batch.js';

/** As the guard in the Nest documentation calls it. */
export function nestJwt({ publicKey, issuer, audience }: Trust): Contender<string> {
  const service = new JwtService({
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    verifyOptions: { algorithms: ['RS256'], issuer, audience },
  });
  return { name: '@nestjs/jwt', call: (token) => service.verifyAsync(token) };
}
