import { pbkdf2Sync, scryptSync } from 'node:crypto';

import { hash as argon2 } from '@node-rs/argon2';
import bcrypt from 'bcryptjs';
import { beforeAll, describe, expect, it } from 'vitest';

import { AuthApp } from '../testing/auth-app.fixture.js';
import { PasswordHash } from './imported-hashes.js';

const PASSWORD = 'päss';
const SALT = Buffer.from('0123456789abcdef');
const base64 = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');

const scryptHash = (ln: number, r: number, p: number, length = 32): string => {
  const options = { N: 2 ** ln, r, p, maxmem: 2 ** 28 };
  const digest = scryptSync(PASSWORD, SALT, length, options);
  return `$scrypt$ln=${ln},r=${r},p=${p}$${base64(SALT)}$${base64(digest)}`;
};
const pbkdf2Hash = (name: string, iterations: number, length = 32, more = ''): string => {
  const digest = pbkdf2Sync(PASSWORD, SALT, iterations, length, name);
  return `$pbkdf2-${name}$i=${iterations}${more}$${base64(SALT)}$${base64(digest)}`;
};
/** Well-formed, of a password that nobody knows. */
const withParameters = (
  parameters: string,
  salt = base64(SALT),
  digest = base64(Buffer.alloc(32, 1)),
) => `${parameters}$${salt}$${digest}`;

const HASHES: readonly (readonly [name: string, hash: string, password?: string])[] = [
  ['bcrypt', bcrypt.hashSync(PASSWORD, 4)],
  ['bcrypt of an older library', bcrypt.hashSync(PASSWORD, 4).replace('$2b$', '$2y$')],
  // A vector of jBCrypt.
  [
    'bcrypt of another implementation',
    '$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC',
    'abcdefghijklmnopqrstuvwxyz',
  ],
  ['scrypt', scryptHash(10, 8, 1)],
  ['scrypt with several lanes', scryptHash(4, 1, 16, 64)],
  ['PBKDF2 with SHA-256', pbkdf2Hash('sha256', 1000)],
  ['PBKDF2 with SHA-512', pbkdf2Hash('sha512', 1000, 64, ',l=64')],
  ['PBKDF2 with SHA-1', pbkdf2Hash('sha1', 1000, 20)],
];

const auth = AuthApp.forFile({ SEED_DEMO: 'on' });
let admin: string;
beforeAll(async () => {
  ({ access_token: admin } = await auth.login('admin@example.com'));
});

const create = (body: object) => auth.call('POST', '/admin/users', { token: admin, body });
const logIn = async (email: string, password: string) =>
  (await auth.call('POST', '/auth/login', { body: { email, password } })).status;
const storedOf = async (email: string) => {
  const rows = await auth.dataSource.query<{ hash: string }[]>(
    'SELECT password_hash AS hash FROM users WHERE email = $1',
    [email],
  );
  return rows[0]?.hash;
};

let count = 0;
async function importedUser(passwordHash: string): Promise<string> {
  const email = `imported-${(count += 1)}@example.com`;
  expect(await create({ email, passwordHash })).toMatchObject({ status: 201 });
  return email;
}

describe('a hash that was imported', () => {
  it.each(HASHES.map(([name, hash, password = PASSWORD]) => ({ name, hash, password })))(
    'by $name is verified, and is Argon2id after the first login',
    async ({ hash, password }) => {
      const email = await importedUser(hash);
      expect(await logIn(email, 'wrong')).toBe(401);
      expect(await storedOf(email)).toBe(hash);
      expect(await logIn(email, password)).toBe(200);
      expect(await storedOf(email)).toMatch(/^\$argon2id\$/);
      expect(await logIn(email, password)).toBe(200);
      expect(await logIn(email, 'wrong')).toBe(401);
    },
  );

  it('by Argon2id that is stronger than ours stays as it is', async () => {
    const hash = await argon2(PASSWORD, { memoryCost: 32_768, timeCost: 3 });
    const email = await importedUser(hash);
    expect(await logIn(email, PASSWORD)).toBe(200);
    expect(await storedOf(email)).toBe(hash);
  });

  it('by bcrypt stays while it is only of the first 72 bytes of the password', async () => {
    const start = 'x'.repeat(72);
    const email = await importedUser(bcrypt.hashSync(start, 4));
    expect(await logIn(email, `${start} and more`)).toBe(200);
    expect(await storedOf(email)).toMatch(/^\$2b\$/);
    expect(await logIn(email, start)).toBe(200);
    expect(await storedOf(email)).toMatch(/^\$argon2id\$/);
  });

  it('is in no answer and no audit event', async () => {
    const [, hash] = HASHES[0] as [string, string];
    const email = `imported-${(count += 1)}@example.com`;
    const { body } = await create({ email, passwordHash: hash });
    expect(JSON.stringify(body)).not.toContain('$2b$');
    const { body: list } = await auth.call('GET', '/admin/audit?limit=5', { token: admin });
    expect(JSON.stringify(list)).toContain('"passwordHash":"imported"');
    expect(JSON.stringify(list)).not.toContain('$2b$');
  });

  it('comes in place of a password, never beside it', async () => {
    const [, passwordHash] = HASHES[0] as [string, string];
    const email = 'both@example.com';
    for (const body of [{ email, passwordHash, password: 'another good passphrase' }, { email }]) {
      expect(await create(body)).toMatchObject({
        status: 400,
        body: {
          code: 'invalid_input',
          errors: [{ path: 'password', message: 'expected either password or passwordHash' }],
        },
      });
    }
  });
});

// threat:costly-hashes
describe('a hash that cannot be imported', () => {
  const BCRYPT = bcrypt.hashSync(PASSWORD, 4);
  it.each([
    ['nothing', ''],
    ['a password', 'correct horse battery staple'],
    ['MD5', '5f4dcc3b5aa765d61d8327deb882cf99'],
    ['crypt of Unix', `$6$${'a'.repeat(16)}$${'b'.repeat(86)}`],
    ['Argon2i', withParameters('$argon2i$v=19$m=19456,t=2,p=1')],
    ['bcrypt that costs too much', BCRYPT.replace('$04$', '$13$')],
    ['bcrypt that costs nothing', BCRYPT.replace('$04$', '$03$')],
    ['bcrypt cut short', BCRYPT.slice(0, -1)],
    ['bcrypt with unused bits', `${BCRYPT.slice(0, 28)}/${BCRYPT.slice(29)}`],
    ['bcrypt with unused bits in the digest', `${BCRYPT.slice(0, -1)}/`],
    ['bcrypt with the bug of 2011', BCRYPT.replace('$2b$', '$2x$')],
    ['a line break after it', `${BCRYPT}\n`],
    ['NUL after it', `${BCRYPT}\0`],
    ['scrypt with too much memory', withParameters('$scrypt$ln=18,r=8,p=1')],
    ['scrypt with large blocks', withParameters('$scrypt$ln=4,r=99999999,p=1')],
    ['scrypt with too many lanes', withParameters('$scrypt$ln=17,r=8,p=2')],
    // OpenSSL computes only less than 2^(16*r) (RFC 7914 section 2).
    ['scrypt with small blocks', withParameters('$scrypt$ln=16,r=1,p=1')],
    ['scrypt with a huge exponent', withParameters('$scrypt$ln=999999999,r=1,p=1')],
    ['PBKDF2 with too many iterations', withParameters('$pbkdf2-sha256$i=1000001')],
    ['PBKDF2 with another length', withParameters('$pbkdf2-sha256$i=1000,l=64')],
    ['PBKDF2 with MD5', withParameters('$pbkdf2-md5$i=1000')],
    ['PBKDF2 with zeros before', withParameters('$pbkdf2-sha256$i=01000')],
    ['Argon2id with too much memory', withParameters('$argon2id$v=19$m=131073,t=1,p=1')],
    ['Argon2id with too many passes', withParameters('$argon2id$v=19$m=131072,t=5,p=1')],
    ['Argon2id with too little memory', withParameters('$argon2id$v=19$m=8,t=1,p=2')],
    ['no salt to speak of', withParameters('$pbkdf2-sha256$i=1000', 'AAAA')],
    ['a digest of three bytes', withParameters('$pbkdf2-sha256$i=1000', undefined, 'AAAA')],
    ['another spelling of base64', withParameters('$pbkdf2-sha256$i=1000', 'AAAAAAAAAAB')],
    ['padding', withParameters('$pbkdf2-sha256$i=1000', 'AAAAAAAAAAA=')],
    ['10,000 characters', withParameters('$pbkdf2-sha256$i=1000', 'A'.repeat(10_000))],
  ])('is %s', async (_, passwordHash) => {
    expect(PasswordHash.safeParse(passwordHash).success).toBe(false);
    const answer = await create({ email: 'refused@example.com', passwordHash });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
  });
});
