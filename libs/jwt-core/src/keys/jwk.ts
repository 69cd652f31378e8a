import { createPublicKey } from 'node:crypto';
import type { VerificationKey } from '../verifier/key-set.js';

/** Why a JWK is not used. `private_key`: its owner has published its private key. */
export type JwkFault =
  | 'not_an_object'
  | 'private_key'
  | 'not_rsa'
  | 'bad_kid'
  | 'not_for_signatures'
  | 'other_algorithm'
  | 'malformed'
  | 'bad_size'
  | 'bad_exponent'
  | 'weak_modulus';

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const maxKidLength = 128;
const minModulusBits = 2048;
// The cost of a verification grows with its square. OpenSSL refuses twice as much.
const maxModulusBits = 8192;
const maxExponent = 2n ** 32n;
// In base64url, with room for a leading zero byte. A longer one would cost OpenSSL a second.
const maxModulusLength = Math.ceil((maxModulusBits / 8 + 1) * (4 / 3));
const maxExponentLength = 8;

/**
 * A JWK (RFC 7517) as a key for RS256 signatures, or why it is not one. It needs `kty` RSA, a `kid`
 * of 1 to 128 characters, a modulus of 2048 to 8192 bits without the ROCA pattern, an odd exponent
 * from 3 to 2^32, no private member, and `use`, `key_ops` and `alg` absent or fitting.
 */
export function parseJwk(jwk: unknown): VerificationKey | JwkFault {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return 'not_an_object';
  const { kid, kty, use, alg, key_ops, n, e } = jwk as Record<string, unknown>;
  // Leaked private keys (threat:leaked-private-keys) and shared secrets are never verified with.
  if (privateMembers.some((member) => Object.hasOwn(jwk, member))) return 'private_key';
  if (kty !== 'RSA') return 'not_rsa';
  if (typeof kid !== 'string' || kid === '' || kid.length > maxKidLength) return 'bad_kid';
  if (use !== undefined && use !== 'sig') return 'not_for_signatures';
  if (key_ops !== undefined && !isForVerifying(key_ops)) return 'not_for_signatures';
  if (alg !== undefined && alg !== 'RS256') return 'other_algorithm';
  if (!isBase64url(n) || !isBase64url(e)) return 'malformed';
  if (n.length > maxModulusLength) return 'bad_size';
  if (e.length > maxExponentLength) return 'bad_exponent';
  const publicKey = createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' });
  const { modulusLength = 0, publicExponent = 0n } = publicKey.asymmetricKeyDetails ?? {};
  if (modulusLength < minModulusBits || modulusLength > maxModulusBits) return 'bad_size';
  // Weak keys (threat:weak-keys): with the exponent 1 every message is its own signature.
  if (publicExponent < 3n || publicExponent > maxExponent || publicExponent % 2n === 0n) {
    return 'bad_exponent';
  }
  if (hasRocaPattern(n)) return 'weak_modulus';
  return { kid, publicKey };
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
export function hasRocaPattern(modulus: string): boolean {
  const n = BigInt(`0x${Buffer.from(modulus, 'base64url').toString('hex')}`);
  return REMAINDERS.every(({ prime, powers }) => powers.has(Number(n % prime)));
}
