import { JwtVerifier } from 'aws-jwt-verify';
import type { Contender } from '../harness/interleave.js';
import type { Trust } from '../tokens/token-batch.js';

export function awsJwtVerify({ publicKey, issuer, audience, kid }: Trust): Contender<string> {
  const verifier = JwtVerifier.create({ issuer, audience, jwksUri: `${issuer}/jwks` });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' };
  verifier.cacheJwks({ keys: [jwk as typeof jwk & { kty: string }] });
  return { name: 'aws-jwt-verify', call: (token) => verifier.verifySync(token) };
}
