import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A new secret for a client, a refresh token or a reference token: 256 random bits in base64url. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * What is stored of a secret. 256 random bits cannot be guessed, so a slow hash would add nothing. Of
 * the text and not of the bytes behind it: base64 has several spellings of the same bytes.
 */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Whether it is one of those with these hashes. Timing attacks (threat:timing-attacks): takes as long for a wrong one. */
export function isSecretOf(secret: string, hashes: readonly Buffer[]): boolean {
  const presented = hashSecret(secret);
  const matches = hashes.filter((hash) => timingSafeEqual(hash, presented));
  return matches.length > 0;
}
