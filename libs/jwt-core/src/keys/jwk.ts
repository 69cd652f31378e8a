import { createPublicKey, type KeyObject } from 'node:crypto';
import { BASE64URL_32_BYTES, MAX_KID_LENGTH } from '../verifier/compact-jws.js';
import type { VerificationKey } from '../verifier/key-set.js';
import { algorithmNamed, type SigningAlgorithm } from '../verifier/signature.js';

/** Why a JWK is not used. `private_key`: its owner has published its private key. */
export type JwkFault =
  | 'not_an_object'
  | 'private_key'
  | 'other_type'
  | 'bad_kid'
  | 'not_for_signatures'
  | 'other_algorithm'
  | 'malformed'
  | 'bad_size'
  | 'bad_exponent'
  | 'weak_modulus'
  | 'weak_point';

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const MIN_MODULUS_BITS = 2048;
// The cost of a verification grows with its square. OpenSSL refuses twice as much.
const MAX_MODULUS_BITS = 8192;
const MAX_EXPONENT = 2n ** 32n;
// In base64url, with room for a leading zero byte. A longer one would cost OpenSSL a second.
const MAX_MODULUS_LENGTH = Math.ceil((MAX_MODULUS_BITS / 8 + 1) * (4 / 3));
const MAX_EXPONENT_LENGTH = 8;

type Jwk = Readonly<Record<string, unknown>>;

/** What kind of key an algorithm takes. */
const TYPES: Readonly<Record<SigningAlgorithm, { readonly kty: string; readonly crv?: string }>> = {
  RS256: { kty: 'RSA' },
  PS256: { kty: 'RSA' },
  ES256: { kty: 'EC', crv: 'P-256' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
};

const PARSERS: Readonly<Record<string, (jwk: Jwk) => KeyObject | JwkFault>> = {
  RSA: rsaKey,
  EC: (jwk) => p256Key(jwk) ?? 'malformed',
  OKP: (jwk) => {
    const key = ed25519Key(jwk);
    return key && hasSmallOrder(jwk['x'] as string) ? 'weak_point' : (key ?? 'malformed');
  },
};

/**
 * A JWK (RFC 7517) as a key for signatures, or why it is not one. It needs a `kty` (and `crv`) for
 * one of the algorithms, a `kid` of 1 to 128 characters, no private member, and `use`, `key_ops`
 * and `alg` absent or fitting. RSA: a modulus of 2048 to 8192 bits without the ROCA pattern, an odd
 * exponent from 3 to 2^32.
 *
 * The key is used with its `alg`, or else with the first of the algorithms that fits its type:
 * never with two, and never with what a token says.
 */
export function parseJwk(
  jwk: unknown,
  algorithms: readonly SigningAlgorithm[],
): VerificationKey | JwkFault {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return 'not_an_object';
  const { kid, kty, crv, use, alg, key_ops } = jwk as Jwk;
  // Leaked private keys (threat:leaked-private-keys) and shared secrets are never verified with.
  if (PRIVATE_MEMBERS.some((member) => Object.hasOwn(jwk, member))) return 'private_key';
  const fitting = algorithms.filter((name) => {
    const type = TYPES[name];
    return type.kty === kty && (type.crv === undefined || type.crv === crv);
  });
  if (fitting.length === 0) return 'other_type';
  if (typeof kid !== 'string' || kid === '' || kid.length > MAX_KID_LENGTH) return 'bad_kid';
  if (use !== undefined && use !== 'sig') return 'not_for_signatures';
  if (key_ops !== undefined && !isForVerifying(key_ops)) return 'not_for_signatures';
  const algorithm = alg === undefined ? fitting[0] : algorithmNamed(alg, fitting);
  if (algorithm === undefined) return 'other_algorithm';
  const publicKey = PARSERS[TYPES[algorithm].kty]!(jwk as Jwk);
  return typeof publicKey === 'string' ? publicKey : { kid, publicKey, algorithm };
}

function rsaKey({ n, e }: Jwk): KeyObject | JwkFault {
  if (!isBase64url(n) || !isBase64url(e)) return 'malformed';
  if (n.length > MAX_MODULUS_LENGTH) return 'bad_size';
  if (e.length > MAX_EXPONENT_LENGTH) return 'bad_exponent';
  const publicKey = createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' });
  const { modulusLength = 0, publicExponent = 0n } = publicKey.asymmetricKeyDetails ?? {};
  if (modulusLength < MIN_MODULUS_BITS || modulusLength > MAX_MODULUS_BITS) return 'bad_size';
  // Weak keys (threat:weak-keys): with the exponent 1 every message is its own signature.
  if (publicExponent < 3n || publicExponent > MAX_EXPONENT || publicExponent % 2n === 0n) {
    return 'bad_exponent';
  }
  return hasRocaPattern(n) ? 'weak_modulus' : publicKey;
}

function isForVerifying(keyOps: unknown): boolean {
  return Array.isArray(keyOps) && keyOps.includes('verify');
}

/** Node's own decoder skips characters that it does not know. */
function isBase64url(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]+$/.test(value);
}

/** The odd primes up to 167, on which the flawed generator builds its moduli. */
const PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101,
  103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];
const GENERATOR = 65_537;

/** For each prime the remainders that powers of the generator have. */
const REMAINDERS = PRIMES.map((prime) => {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * GENERATOR) % prime) powers.add(power);
  return { prime: BigInt(prime), powers };
});

/**
 * Whether an RSA modulus (base64url) has the pattern of the Infineon key generator (ROCA,
 * CVE-2017-15361), whose keys can be factored: modulo each small prime it is a power of 65537. One
 * in 200 million good keys has it by chance.
 */
function hasRocaPattern(modulus: string): boolean {
  const n = BigInt(`0x${Buffer.from(modulus, 'base64url').toString('hex')}`);
  return REMAINDERS.every(({ prime, powers }) => powers.has(Number(n % prime)));
}

/**
 * The public key of an EC JWK on P-256 (RFC 7518 section 6.2.1). `undefined` if its members are
 * malformed or name no point of the curve.
 */
function p256Key({ x, y }: { readonly x?: unknown; readonly y?: unknown }) {
  if (!is32Bytes(x) || !is32Bytes(y)) return undefined;
  try {
    return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  } catch {
    // Invalid curve attacks (threat:weak-keys): OpenSSL refuses a point beside the curve.
    return undefined;
  }
}

/** The public key of an Ed25519 JWK (RFC 8037 section 2). `undefined` if `x` is malformed. */
function ed25519Key({ x }: { readonly x?: unknown }): KeyObject | undefined {
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
function hasSmallOrder(x: string): boolean {
  const bytes = Buffer.from(x, 'base64url');
  bytes[31]! &= 0x7f;
  return SMALL_ORDER.has(bytes.toString('hex'));
}
