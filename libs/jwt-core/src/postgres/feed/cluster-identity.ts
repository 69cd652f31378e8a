import { createHash } from 'node:crypto';
import { DatabaseError, type Client } from 'pg';
import { RevocationSourceError } from '../../revocation/revocation-source.js';

// insufficient_privilege, undefined_function, feature_not_supported: managed databases differ.
const REFUSALS = ['42501', '42883', '0A000'];

const TABLE = `(SELECT oid FROM pg_database WHERE datname = current_database()),
  'revoked_tokens'::regclass::oid`;

// The timeline changes when a standby takes over or a backup is restored up to some moment. The
// control file holds it too, but on a new primary only after the first checkpoint.
const EXACT = `SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
  left(pg_walfile_name(pg_current_wal_insert_lsn()), 8), ${TABLE}) AS identity,
  pg_is_in_recovery() AS is_standby`;

// Changes with each start of the server: readers get the whole list more often than necessary.
const CAREFUL = `SELECT concat_ws('/', pg_postmaster_start_time(), ${TABLE}) AS identity,
  pg_is_in_recovery() AS is_standby`;

/**
 * A name for the database that changes whenever transaction ids may mean something else: another
 * cluster, timeline, database or table. Any role may read it, unless the provider forbids that. A
 * hash, so that nothing of the cluster can leak with it.
 *
 * @throws RevocationSourceError on a standby: its snapshots do not say which transactions are open
 */
export async function clusterIdentity(client: Client): Promise<string> {
  const { identity, is_standby } = await read(client, EXACT).catch((error: unknown) => {
    if (error instanceof DatabaseError && REFUSALS.includes(error.code ?? '')) {
      return read(client, CAREFUL);
    }
    throw error;
  });
  if (is_standby) {
    throw new RevocationSourceError(
      'unavailable',
      'The database is a standby; the feed needs the primary',
    );
  }
  return createHash('sha256').update(identity).digest().subarray(0, 8).toString('base64url');
}

async function read(client: Client, query: string) {
  const { rows } = await client.query<{ identity: string; is_standby: boolean }>(query);
  return rows[0]!;
}
