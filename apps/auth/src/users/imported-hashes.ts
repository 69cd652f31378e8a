import { pbkdf2, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

import bcrypt from 'bcryptjs';
import { z } from 'zod';

/**
 * A hash of a password that another system made. Costs are bounded (threat:costly-hashes): each login of
 * its user computes it once more, right or wrong.
 */
export interface ImportedHash {
  readonly verify: (password: string) => Promise<boolean>;
  /** Whether it depends on the whole password. bcrypt does not read more than 72 bytes. */
  readonly isOfWhole: (password: string) => boolean;
}

type Groups = Readonly<Record<string, string>>;

const BASE64 = '[A-Za-z0-9+/]+';
const NUMBER = '[1-9]\\d{0,8}';
const phc = (name: string, parameters: string): RegExp =>
  new RegExp(`^\\$${name}\\$${parameters}\\$(?<salt>${BASE64})\\$(?<digest>${BASE64})$`);

const BCRYPT =
  /^\$2[aby]\$(?<cost>0[4-9]|1[0-2])\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$/;
const SCRYPT = phc('scrypt', `ln=(?<ln>${NUMBER}),r=(?<r>${NUMBER}),p=(?<p>${NUMBER})`);
const PBKDF2 = phc(
  'pbkdf2-(?<digestName>sha1|sha256|sha512)',
  `i=(?<i>${NUMBER})(?:,l=(?<l>${NUMBER}))?`,
);
const ARGON2 = phc('argon2id', `v=19\\$m=(?<m>${NUMBER}),t=(?<t>${NUMBER}),p=(?<p>${NUMBER})`);

const MAX_PBKDF2_ITERATIONS = 1_000_000;
/** 128 MiB at most, and as much work as the strongest parameters that OWASP names. */
const MAX_SCRYPT_BYTES = 2 ** 27;
const MAX_SCRYPT_WORK = 2 ** 20;
/** 128 MiB, and 4 passes over them. */
const MAX_ARGON2_KIB = 2 ** 17;
const MAX_ARGON2_WORK = 2 ** 19;

const deriveScrypt = promisify(
  (
    password: string,
    salt: Buffer,
    length: number,
    options: { N: number; r: number; p: number; maxmem: number },
    done: (error: Error | null, key: Buffer) => void,
  ) => scrypt(password, salt, length, options, done),
);
const derivePbkdf2 = promisify(pbkdf2);

/** A hash of bcrypt, scrypt or PBKDF2; `undefined` for anything else, and for what costs too much. */
export function importedHash(stored: string): ImportedHash | undefined {
  if (BCRYPT.test(stored)) {
    return {
      verify: (password) => bcrypt.compare(password, stored),
      isOfWhole: (password) => !bcrypt.truncates(password),
    };
  }
  const derive = scryptOf(stored) ?? pbkdf2Of(stored);
  return derive && { verify: derive, isOfWhole: () => true };
}

function scryptOf(stored: string): ImportedHash['verify'] | undefined {
  const found = read(SCRYPT, stored);
  if (!found) return undefined;
  const [ln, r, p] = numbers(found.groups, ['ln', 'r', 'p']);
  const N = 2 ** ln;
  const bytes = 128 * N * r;
  const isBounded = ln <= 20 && bytes <= MAX_SCRYPT_BYTES && N * r * p <= MAX_SCRYPT_WORK;
  // OpenSSL computes no other one (RFC 7914 section 2).
  const isComputable = ln < 16 * r;
  if (!isBounded || !isComputable) return undefined;
  // The memory that OpenSSL counts in addition to the table.
  const options = { N, r, p, maxmem: bytes + 128 * r * (p + 2) + 1024 };
  return async (password) =>
    timingSafeEqual(
      await deriveScrypt(password, found.salt, found.digest.length, options),
      found.digest,
    );
}

function pbkdf2Of(stored: string): ImportedHash['verify'] | undefined {
  const found = read(PBKDF2, stored);
  if (!found) return undefined;
  const { length } = found.digest;
  const iterations = Number(found.groups['i']);
  const isOfLength = found.groups['l'] === undefined || Number(found.groups['l']) === length;
  if (iterations > MAX_PBKDF2_ITERATIONS || !isOfLength) return undefined;
  const name = found.groups['digestName'] ?? '';
  return async (password) =>
    timingSafeEqual(
      await derivePbkdf2(password, found.salt, iterations, length, name),
      found.digest,
    );
}

/** Argon2id, which `PasswordHasher` verifies itself, with a bounded cost. */
function isBoundedArgon2(stored: string): boolean {
  const found = read(ARGON2, stored);
  if (!found) return false;
  const [m, t, p] = numbers(found.groups, ['m', 't', 'p']);
  return m >= 8 * p && p <= 16 && m <= MAX_ARGON2_KIB && m * t <= MAX_ARGON2_WORK;
}

/** Accepts salts and digests of a sensible length, in one spelling only. */
function read(form: RegExp, stored: string) {
  const groups = form.exec(stored)?.groups;
  if (!groups) return undefined;
  const [salt, digest] = [groups['salt'] ?? '', groups['digest'] ?? ''].map((text) => {
    const bytes = Buffer.from(text, 'base64');
    return bytes.toString('base64').replaceAll('=', '') === text ? bytes : Buffer.alloc(0);
  }) as [Buffer, Buffer];
  const isSound =
    salt.length >= 8 && salt.length <= 64 && digest.length >= 16 && digest.length <= 64;
  return isSound ? { groups, salt, digest } : undefined;
}

const numbers = <const Names extends readonly string[]>(groups: Groups, names: Names) =>
  names.map((name) => Number(groups[name])) as { -readonly [I in keyof Names]: number };

/** A hash that an administrator imports from another system. */
export const PasswordHash = z
  .string()
  .max(512)
  .refine((text) => importedHash(text) !== undefined || isBoundedArgon2(text), {
    error:
      'expected bcrypt ($2b$, cost 4 to 12), or scrypt, pbkdf2-sha1, -sha256, -sha512 or argon2id in PHC form, within the bounds on their cost',
  })
  .meta({
    description: 'From another system, in place of the password: see docs/users.md',
    maxLength: 512,
  });
