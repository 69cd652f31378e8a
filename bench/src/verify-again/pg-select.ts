import pg from 'pg';
import type { Contender } from '../harness/interleave.js';
import { tokenIdOf } from './token-id.js';

const byId = 'SELECT 1 FROM revoked_token WHERE jti = $1';

/** The look-up alone, prepared, on a pool that is connected: the signature is not counted. */
export function pgSelect(url: string): Contender<string> & AsyncDisposable {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  // The server may stop while a connection that was ended is still on its way out. A query that
  // fails tells its caller.
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
