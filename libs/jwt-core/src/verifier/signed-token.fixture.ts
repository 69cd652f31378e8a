import type { KeyObject } from 'node:crypto';
import { newKeyPair, signatureOf } from '../test-issuer/access-token.js';
import type { SigningAlgorithm } from './signature.js';

/** 2023-11-14T22:13:20Z, in seconds: the present of these specs. */
export const NOW = 1_700_000_000;
export const ISSUER = 'https://auth.example.com';
export const AUDIENCE = 'api';
export const KID = '2023-11';

export const HEADER = { alg: 'RS256', typ: 'at+jwt', kid: KID };

/** The claims of a user's token, as the issuer writes them. */
export const CLAIMS = {
  iss: ISSUER,
  sub: '5bd3a4f2-5c0c-4b37-9d9e-9a5f1d2c7b10',
  aud: AUDIENCE,
  client_id: 'web',
  iat: NOW - 60,
  exp: NOW + 840,
  jti: '0b9f7f7e-0c3e-4a45-8a55-6a5a5d1b2c3d',
  sid: 'c1d2e3f4-a5b6-4c7d-8e9f-0a1b2c3d4e5f',
  scope: 'orders:read orders:write',
  roles: ['user'],
};

export { newKeyPair };

/** Base64url of bytes, of a text, or of a value's JSON. */
export function segment(value: unknown): string {
  const isRaw = typeof value === 'string' || Buffer.isBuffer(value);
  return Buffer.from(isRaw ? value : JSON.stringify(value)).toString('base64url');
}

/** A compact JWS over whatever header and payload, however wrong, with a right signature. */
export function signed(
  header: unknown,
  payload: unknown,
  privateKey: KeyObject,
  algorithm?: SigningAlgorithm,
): string {
  const input = `${segment(header)}.${segment(payload)}`;
  const signature = signatureOf(Buffer.from(input), privateKey, algorithm);
  return `${input}.${signature.toString('base64url')}`;
}
