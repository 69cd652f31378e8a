import { randomUUID, sign } from 'node:crypto';
import type { SigningKey } from './signing-key.js';

/** Anything that JSON can hold. A member that is `undefined` is left out. */
export type Members = Readonly<Record<string, unknown>>;

export interface TokenOrigin {
  readonly issuer: string;
  readonly audience: string;
  readonly key: SigningKey;
  readonly nowSeconds: number;
}

const lifeSeconds = 900;

/** A signed access token (RFC 9068), right in all that `claims` and `header` do not replace. */
export function mintToken(origin: TokenOrigin, claims: Members, header: Members): string {
  const { issuer, audience, key, nowSeconds } = origin;
  const usualClaims = {
    iss: issuer,
    sub: randomUUID(),
    aud: audience,
    client_id: 'web',
    iat: nowSeconds,
    exp: nowSeconds + lifeSeconds,
    jti: randomUUID(),
    sid: randomUUID(),
    scope: '',
    roles: [],
  };
  return signToken(
    key,
    { alg: 'RS256', typ: 'at+jwt', kid: key.kid, ...header },
    { ...usualClaims, ...claims },
  );
}

/** JWS compact serialization with RS256 (RFC 7515 section 7.1). */
function signToken(key: SigningKey, header: Members, claims: Members): string {
  const parts = [header, claims].map((part) => Buffer.from(JSON.stringify(part)));
  const content = parts.map((part) => part.toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(content), key.privateKey);
  return `${content}.${signature.toString('base64url')}`;
}
