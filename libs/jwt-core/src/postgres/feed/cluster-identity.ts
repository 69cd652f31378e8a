import { createHash } from 'node:crypto';
import { DatabaseError, type Client } from 'pg';

// insufficient_privilege, undefined_function, feature_not_supported: managed databases differ.
const refusals = ['42501', '42883', '0A000'];

const table = `(SELECT oid FROM pg_database WHERE datname = current_database()),
  'revoked_tokens'::regclass::oid`;

// The time line changes when a standby takes over or a backup is restored up to some moment. The
// control file tells it too, but on a new primary only once the first checkpoint is through.
const exact = `SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
  left(pg_walfile_name(pg_current_wal_insert_lsn()), 8), ${table}) AS identity,
  pg_is_in_recovery() AS is_standby`;

// Changes with each start of the server: readers are sent the whole list more often than necessary.
const careful = `SELECT concat_ws('/', pg_postmaster_start_time(), ${table}) AS identity,
  pg_is_in_recovery() AS is_standby`;

/**
 * A name for the database that changes whenever transaction ids may mean something else: another
 * cluster, time line, database or table. Any role may ask, unless the provider forbids it. Hashed,
 * since cursors carry it and the feed is open to everyone.
 *
 * @throws Error on a standby: its snapshots do not tell which transactions are open.
 */
export async function clusterIdentity(client: Client): Promise<string> {
  const { identity, is_standby } = await ask(client, exact).catch((error: unknown) => {
    if (error instanceof DatabaseError && refusals.includes(error.code ?? '')) {
      return ask(client, careful);
    }
    throw error;
  });
  if (is_standby) throw new Error('The database is a standby; the feed needs the primary');
  return createHash('sha256').update(identity).digest().subarray(0, 8).toString('base64url');
}

async function ask(client: Client, query: string) {
  const { rows } = await client.query<{ identity: string; is_standby: boolean }>(query);
  return rows[0]!;
}
