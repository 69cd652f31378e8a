import { createVerifier } from 'fast-jwt';
import pg from 'pg';
import { DataSource, EntitySchema } from 'typeorm';
import type { Contender } from '../harness/interleave.js';
import type { Trust } from '../tokens/token-batch.js';

/** With a cache as large as ours. It does not check a remembered token again. */
export function fastJwtCache({ publicKey, issuer, audience }: Trust): Contender<string> {
  const verify = createVerifier({
    key: publicKey.export({ type: 'spki', format: 'pem' }),
    algorithms: ['RS256'],
    allowedIss: issuer,
    allowedAud: audience,
    cache: 10_000,
  }) as (token: string) => unknown;
  return { name: 'fast-jwt with its cache', call: verify };
}

const byId = 'SELECT 1 FROM revoked_token WHERE jti = $1';

/** The look-up alone, prepared, on a pool that is connected: the signature is not counted. */
export function pgSelect(url: string): Contender<string> & AsyncDisposable {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  // The server may stop while a connection is still closing. A failed query rejects anyway.
  pool.on('error', () => undefined);
  return {
    name: 'SELECT by pg, no signature',
    call: async (token) => {
      const { rowCount } = await pool.query({
        name: 'by-id',
        text: byId,
        values: [tokenIdOf(token)],
      });
      if (rowCount !== 0) throw new Error('revoked');
    },
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

const RevokedToken = new EntitySchema<{ jti: string }>({
  name: 'revoked_token',
  columns: { jti: { type: 'text', primary: true } },
});

/** The look-up alone, as a repository makes it: the signature is not counted. */
export async function typeormSelect(url: string): Promise<Contender<string> & AsyncDisposable> {
  const database = new DataSource({ type: 'postgres', url, entities: [RevokedToken] });
  await database.initialize();
  const revoked = database.getRepository(RevokedToken);
  return {
    name: 'SELECT by TypeORM, no signature',
    call: async (token) => {
      if (await revoked.existsBy({ jti: tokenIdOf(token) })) throw new Error('revoked');
    },
    [Symbol.asyncDispose]: () => database.destroy(),
  };
}

/** The `jti` of a token, read without any check: the token was verified before. */
function tokenIdOf(token: string): string {
  const start = token.indexOf('.') + 1;
  const payload = Buffer.from(token.slice(start, token.indexOf('.', start)), 'base64url');
  return (JSON.parse(payload.toString()) as { jti: string }).jti;
}
