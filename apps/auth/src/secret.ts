import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A fresh client secret: 256 random bits in base64url. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** What is stored of a secret. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Whether it is one of those with these hashes. Timing attacks (threat:timing-attacks): takes as long for a wrong one. */
export function isSecretOf(secret: string, hashes: readonly Buffer[]): boolean {
  const presented = hashSecret(secret);
  const matches = hashes.filter((hash) => timingSafeEqual(hash, presented));
  return matches.length > 0;
}
