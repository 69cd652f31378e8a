import { randomUUID, type KeyObject } from 'node:crypto';
import { generateSigningKey, TestIssuer } from '@jwt-auth/jwt-core/testing';
import type { Progress } from '../harness/benchmark.js';

/** What every contender has to know to judge a token. */
export interface Trust {
  readonly issuer: string;
  readonly audience: string;
  readonly kid: string;
  readonly publicKey: KeyObject;
}

/** Genuine tokens, all different, as bytes: as they come over the wire. */
export interface TokenBatch {
  readonly trust: Trust;
  readonly headers: Buffer[];
}

const scheme = 'Bearer ';

/** Signs that many tokens with one new RSA key of 2048 bits, as the auth server would write them. */
export async function mintTokens(count: number, progress: Progress): Promise<TokenBatch> {
  const key = await generateSigningKey();
  const origin = await TestIssuer.start({ keys: [key] });
  const { issuer, audience } = origin;
  const headers = mintFrom(origin, count, progress);
  await origin.close();
  return { trust: { issuer, audience, kid: key.kid, publicKey: key.publicKey }, headers };
}

/** The same from an issuer that stays open. */
export function mintFrom(origin: TestIssuer, count: number, progress: Progress): Buffer[] {
  return Array.from({ length: count }, (_, each) => {
    if (each % 500 === 0) progress(`signing token ${each} of ${count}`);
    const claims = { sub: randomUUID(), scope: 'orders:read orders:write', roles: ['user'] };
    return Buffer.from(scheme + origin.mint(claims));
  });
}

/**
 * A token as a service gets it: cut from a header that the HTTP parser has just made. A string that
 * is used again keeps its hash, which flatters every cache that is a Map.
 */
export function receivedToken(header: Buffer): string {
  return header.toString('latin1').slice(scheme.length);
}

/** The same token with one bit of its signature turned. */
export function tampered(token: string): string {
  const [header, payload, signature = ''] = token.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  bytes[10]! ^= 1;
  return `${header}.${payload}.${bytes.toString('base64url')}`;
}
