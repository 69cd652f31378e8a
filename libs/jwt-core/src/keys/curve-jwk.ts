import { createPublicKey, type KeyObject } from 'node:crypto';
import { BASE64URL_32_BYTES } from '../verifier/compact-jws.js';

/**
 * The public key of an EC JWK on P-256 (RFC 7518 section 6.2.1). `undefined` if its members are
 * malformed or name no point of the curve.
 */
export function p256Key({ x, y }: { readonly x?: unknown; readonly y?: unknown }) {
  if (!is32Bytes(x) || !is32Bytes(y)) return undefined;
  try {
    return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  } catch {
    // Invalid curve attacks (threat:weak-keys): OpenSSL refuses a point beside the curve.
    return undefined;
  }
}

/** The public key of an Ed25519 JWK (RFC 8037 section 2). `undefined` if `x` is malformed. */
export function ed25519Key({ x }: { readonly x?: unknown }): KeyObject | undefined {
  if (!is32Bytes(x)) return undefined;
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

/** As a coordinate of P-256 has, or an Ed25519 key. */
function is32Bytes(value: unknown): value is string {
  return typeof value === 'string' && BASE64URL_32_BYTES.test(value);
}

/** The encodings of all points of small order, without the sign of x (the list of libsodium). */
const SMALL_ORDER = new Set([
  `00${'00'.repeat(30)}00`,
  `01${'00'.repeat(30)}00`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
]);

/**
 * Whether an Ed25519 key (base64url) is a point of small order, for which anyone can make
 * signatures. OpenSSL before 3.5 accepts them.
 */
export function hasSmallOrder(x: string): boolean {
  const bytes = Buffer.from(x, 'base64url');
  bytes[31]! &= 0x7f;
  return SMALL_ORDER.has(bytes.toString('hex'));
}
