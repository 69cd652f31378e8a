import type { KeyObject } from 'node:crypto';
import { JwtService } from '@nestjs/jwt';
import { JwtVerifier } from 'aws-jwt-verify';
import { createVerifier } from 'fast-jwt';
import { importSPKI, jwtVerify } from 'jose';
import jwt from 'jsonwebtoken';
import type { Contender } from '../harness/interleave.js';
import { ourParts } from '../tokens/our-verifier.js';
import type { Trust } from '../tokens/token-batch.js';

export function ours(trust: Trust): Contender<string> {
  const { verifier } = ourParts(trust);
  return { name: 'jwt-core', call: (token) => verifier.verify(token) };
}

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

export function awsJwtVerify({ publicKey, issuer, audience, kid }: Trust): Contender<string> {
  const verifier = JwtVerifier.create({ issuer, audience, jwksUri: `${issuer}/jwks` });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' };
  verifier.cacheJwks({ keys: [jwk as typeof jwk & { kty: string }] });
  return { name: 'aws-jwt-verify', call: (token) => verifier.verifySync(token) };
}

export function jsonwebtokenWithPem(trust: Trust): Contender<string> {
  const pem = trust.publicKey.export({ type: 'spki', format: 'pem' }) as string;
  return jsonwebtoken('jsonwebtoken, PEM', pem, trust);
}

export function jsonwebtokenWithKeyObject(trust: Trust): Contender<string> {
  return jsonwebtoken('jsonwebtoken, KeyObject', trust.publicKey, trust);
}

function jsonwebtoken(
  name: string,
  key: string | KeyObject,
  { issuer, audience }: Trust,
): Contender<string> {
  const options: jwt.VerifyOptions = { algorithms: ['RS256'], issuer, audience };
  return { name, call: (token) => jwt.verify(token, key, options) };
}

/** As the guard in the Nest documentation calls it. */
export function nestJwt({ publicKey, issuer, audience }: Trust): Contender<string> {
  const service = new JwtService({
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    verifyOptions: { algorithms: ['RS256'], issuer, audience },
  });
  return { name: '@nestjs/jwt', call: (token) => service.verifyAsync(token) };
}

export async function jose({ publicKey, issuer, audience }: Trust): Promise<Contender<string>> {
  const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
  const key = await importSPKI(pem, 'RS256');
  const options = { issuer, audience, typ: 'at+jwt', algorithms: ['RS256'] };
  return { name: 'jose', call: (token) => jwtVerify(token, key, options) };
}
