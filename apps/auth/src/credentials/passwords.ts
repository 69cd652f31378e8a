import { randomInt } from 'node:crypto';

import { isText } from '@jwt-auth/chassis';
import { dictionary } from '@zxcvbn-ts/language-common';
import { z } from 'zod';

/** Of a password that may be chosen. */
export const MIN_CHARACTERS = 12;
const MAX_CHARACTERS = 128;

const countCharacters = (text: string): number => [...text].length;

/** Those of the 50,000 most common passwords that are long enough to be chosen here. */
const COMMONEST = new Set(
  dictionary['passwords-common'].filter((word) => countCharacters(word) >= MIN_CHARACTERS),
);

/**
 * One form for what looks the same (NFKC): keyboards differ in how they write accents and widths
 * (RFC 8265 section 4.2, NIST SP 800-63B section 5.1.1.2).
 */
const normalized = z.string().normalize('NFKC');

/** A password as a user types it to log in: any text. */
export const TypedPassword = normalized.meta({ format: 'password' });

/** A password that may be chosen: 12 to 128 characters of any script, and none of the commonest. */
export const NewPassword = normalized
  .refine(isText, 'must be well-formed text')
  .refine((text) => countCharacters(text) >= MIN_CHARACTERS, {
    error: `must have at least ${MIN_CHARACTERS} characters`,
  })
  .refine((text) => countCharacters(text) <= MAX_CHARACTERS, {
    error: `must have at most ${MAX_CHARACTERS} characters`,
  })
  .refine((text) => !COMMONEST.has(text.toLowerCase()), {
    error: 'is one of the commonest passwords',
  })
  .meta({ format: 'password', minLength: MIN_CHARACTERS, maxLength: MAX_CHARACTERS });

/** Without letters and digits that look alike: it may be read out on the phone. */
const READABLE = 'abcdefghjkmnpqrstuvwxyz23456789';

/** A new password of 20 characters in groups, as `kx7wb-…`: 99 random bits. */
export function generatePassword(): string {
  const group = (): string =>
    Array.from({ length: 5 }, () => READABLE.charAt(randomInt(READABLE.length))).join('');
  return Array.from({ length: 4 }, group).join('-');
}
