import type { KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import type { Contender } from '../harness/interleave.js';
import type { Trust } from '../tokens/token-batch.js';

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
