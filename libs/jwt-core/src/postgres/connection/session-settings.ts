import type { ClientBase } from 'pg';
import type { ConnectionConfig } from './connection-url.js';

/**
 * What this code relies on, whatever the settings of the server, the database or the user say: how
 * values are written and read (a `DateStyle` of `German, DMY` would make every time wrong), that a
 * transaction sees what others commit, and where tables are found.
 */
const SESSION_SETTINGS = `
  SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;
  SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC';
  SET bytea_output = 'hex'; SET extra_float_digits = 1; SET array_nulls = on;
  SET default_transaction_isolation = 'read committed'; SET default_transaction_deferrable = off;`;

/** An operator may choose the schema, but says so where it is seen: in the URL of the database. */
const SEARCH_PATH = `SET search_path = "$user", public;`;

/**
 * Prepares a connection that was just made. To be run before anything else is.
 *
 * @throws ServerNotWritableError when the connection is for a server that accepts writes, and this
 *   one does not
 */
export async function prepareSession(
  client: Pick<ClientBase, 'query'>,
  { options = '', needsWritableServer }: ConnectionConfig,
): Promise<void> {
  const searchPath = options.includes('search_path') ? '' : SEARCH_PATH;
  await client.query(SESSION_SETTINGS + searchPath);
  if (needsWritableServer && (await isReadOnly(client))) throw new ServerNotWritableError();
}

/**
 * Whether the server refuses writes now: a standby, or one that was made read-only.
 *
 * @param answerMs how long to wait for an answer, if not as long as for any other query
 */
export async function isReadOnly(
  client: Pick<ClientBase, 'query'>,
  answerMs?: number,
): Promise<boolean> {
  const text = `
    SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS "isReadOnly"`;
  // pg reads `query_timeout` of a query, too; its types do not say so.
  const query = { text, ...(answerMs !== undefined && { query_timeout: answerMs }) };
  const { rows } = await client.query<{ isReadOnly: boolean }>(query);
  return rows[0]?.isReadOnly === true;
}

/** The server accepts no writes. */
export class ServerNotWritableError extends Error {
  override readonly name = 'ServerNotWritableError';

  constructor() {
    super('The server accepts no writes: it is a standby, or read-only');
  }
}
