import { randomUUID } from 'node:crypto';
import { withClient } from '@jwt-auth/dev-stack';
import { startDatabases } from '../apps/apps.js';
import type { Effort } from '../harness/benchmark.js';

export interface RevokedDatabase extends AsyncDisposable {
  readonly url: string;
}

const revokedTokens = 1_000;

/** A database with a table of revoked token ids, as the tutorials have it. */
export async function revokedDatabase(effort: Effort): Promise<RevokedDatabase> {
  const databases = await startDatabases(effort);
  const url = await databases.create(`revoked_${randomUUID()}`);
  try {
    await withClient(url, async (client) => {
      await client.query('CREATE TABLE revoked_token (jti text PRIMARY KEY)');
      await client.query(
        'INSERT INTO revoked_token SELECT gen_random_uuid() FROM generate_series(1, $1::int)',
        [revokedTokens],
      );
      await client.query('ANALYZE revoked_token');
    });
  } catch (error) {
    await databases[Symbol.asyncDispose]();
    throw error;
  }
  return { url, [Symbol.asyncDispose]: databases[Symbol.asyncDispose] };
}
