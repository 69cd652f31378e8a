import { generateKeyPairSync, randomBytes } from 'node:crypto';

import { call, startApp, type RunningApp } from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { queryAt } from '../stack.js';
import { newSession } from '../users.js';
import { JWKS_PATH } from './key-stack.js';

interface Jwks {
  keys: { kid: string; n: string }[];
}

const newKey = (): string => randomBytes(32).toString('base64');
const key = newKey();
let database: string;
let auth: RunningApp;

const start = async (settings: Record<string, string | undefined>): Promise<RunningApp> =>
  startApp('auth', { env: { DATABASE_URL: database, ISSUER: 'http://localhost', ...settings } });
const jwks = async (): Promise<Jwks> => (await call<Jwks>(`${auth.url}${JWKS_PATH}`)).body;

const query = (sql: string) => queryAt<Record<string, unknown>>(database, sql);

/** Every value of every table: byte strings as they are, all else as text. */
async function dump(): Promise<Buffer[]> {
  const tables = await query(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  const rows = await Promise.all(tables.map(({ name }) => query(`SELECT * FROM ${String(name)}`)));
  return rows
    .flat()
    .flatMap((row) => Object.values(row))
    .map((value) => (Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value ?? null))));
}

/** Whether a prime factor of an RSA modulus is somewhere in these bytes, in any encoding. */
function holdsPrimeOf(modulus: bigint, bytes: Buffer): boolean {
  for (let at = 0; at + 128 <= bytes.length; at++) {
    const factor = BigInt(`0x${bytes.toString('hex', at, at + 128)}`);
    if (factor > 1n && modulus % factor === 0n) return true;
  }
  return false;
}

/** The bytes, and what they spell in the usual encodings of keys as text. */
function readings(value: Buffer): Buffer[] {
  const text = value.toString('latin1').replace(/-----[^-]+-----|\\n|\s|"/g, '');
  return [value, Buffer.from(text, 'base64'), Buffer.from(text, 'hex')];
}

const integer = (n = ''): bigint => BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`);

it.each(['der', 'pem'] as const)(
  'the search of a dump finds a private key that lies there as %s',
  (format) => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const modulus = integer(publicKey.export({ format: 'jwk' }).n);
    const exported = Buffer.from(privateKey.export({ format, type: 'pkcs8' } as never));
    expect(readings(exported).some((value) => holdsPrimeOf(modulus, value))).toBe(true);
  },
);

describe('an auth process', () => {
  beforeAll(async () => {
    database = await freshDatabase();
    auth = await start({ KEY_ENCRYPTION_KEY: key });
  });
  afterAll(() => auth?.stop());

  it('leaves no private key readable in a dump of the database', async () => {
    const { keys } = await jwks();
    const values = await dump();
    const text = values.map((value) => value.toString('latin1')).join('\n');
    for (const { kid, n } of keys) {
      expect([text.includes(kid), text.includes(n)]).toEqual([true, true]);
    }
    expect(text).not.toMatch(/PRIVATE|\\?"(d|p|q)\\?":/);
    expect(text).not.toContain(key);
    const moduli = keys.map(({ n }) => integer(n));
    const bytes = values.flatMap(readings);
    expect(moduli.filter((n) => bytes.some((value) => holdsPrimeOf(n, value)))).toEqual([]);
  });

  const stored = () => query('SELECT * FROM signing_keys ORDER BY kid');

  it.each([
    ['another encryption key', {}],
    ['another one, and another previous one', { KEY_ENCRYPTION_KEY_PREVIOUS: newKey() }],
  ])('does not start with %s, says why, and overwrites nothing', async (_name, settings) => {
    const before = await stored();
    await expect(start({ KEY_ENCRYPTION_KEY: newKey(), ...settings })).rejects.toThrow(
      /cannot be decrypted: it was stored under another KEY_ENCRYPTION_KEY/,
    );
    expect(await stored()).toEqual(before);
    // The process with the right key keeps working, and starts again: see below.
    await newSession(auth.url);
  });

  it('changes to a new encryption key with the previous one beside it', async () => {
    const before = await jwks();
    const { access_token: token } = await newSession(auth.url);
    const KEY_ENCRYPTION_KEY = newKey();
    for (const settings of [{ KEY_ENCRYPTION_KEY_PREVIOUS: key }, {}]) {
      await auth.stop();
      auth = await start({ KEY_ENCRYPTION_KEY, ...settings });
      expect(await jwks()).toEqual(before);
      expect((await call(`${auth.url}/auth/me`, { token })).status).toBe(200);
    }
    await expect(start({ KEY_ENCRYPTION_KEY: key })).rejects.toThrow('KEY_ENCRYPTION_KEY');
  });
});
