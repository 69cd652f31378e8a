import { call, outcome } from '@jwt-auth/dev-stack';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decode, login, newSession, refresh, tryLogin } from './users.js';
import { Stack, within } from './stack.js';

const EXPIRED = {
  sessions: 1_500,
  refresh_tokens: 3_500,
  login_limits: 2_500,
  revoked_tokens: 2_500,
};
type Table = keyof typeof EXPIRED;
const TABLES = Object.keys(EXPIRED) as Table[];

let stack: Stack;
/** A session of the database that holds locks. */
let holdUp: pg.Client;

beforeAll(async () => {
  stack = await Stack.start({ processes: 2, withOrders: true });
  holdUp = new pg.Client({ connectionString: stack.database });
  await holdUp.connect();
});
afterAll(async () => {
  await holdUp?.end();
  await stack?.stop();
});

/** How many rows there are of each kind. */
async function countRows(): Promise<Record<Table, number>> {
  const counts = TABLES.map((table) => `(SELECT count(*)::int FROM ${table}) AS ${table}`);
  const [row] = await stack.query<Record<Table, number>>(`SELECT ${counts.join()}`);
  return row!;
}

/** Fills the tables with rows that expired two days ago, in sessions of this user. */
async function addExpired(userId: unknown): Promise<void> {
  const { sessions, refresh_tokens, login_limits, revoked_tokens } = EXPIRED;
  await stack.query(
    `WITH session AS (
       INSERT INTO sessions (id, user_id, address, created_at, last_used_at, expires_at)
       SELECT gen_random_uuid(), $1, '192.0.2.1', now() - interval '92 days', now(),
         now() - interval '2 days' FROM generate_series(1, $2::int) RETURNING id
     ), numbered AS (SELECT id, row_number() OVER () AS place FROM session)
     INSERT INTO refresh_tokens (hash, session_id, created_at, expires_at, replaced_at,
       access_token_id, access_token_expires_at)
     SELECT sha256(n::text::bytea), id, now() - interval '90 days', now() - interval '2 days',
       CASE WHEN n > $2 THEN now() END, gen_random_uuid(), now() - interval '2 days'
     FROM generate_series(1, $3::int) n JOIN numbered ON place = (n - 1) % $2 + 1`,
    [userId, sessions, refresh_tokens],
  );
  await stack.query(
    `INSERT INTO login_limits (key, failures, forgotten_at)
     SELECT 'expired ' || n, 1, now() - interval '2 days' FROM generate_series(1, $1::int) n`,
    [login_limits],
  );
  await stack.query(
    `INSERT INTO revoked_tokens (kind, id, exp)
     SELECT 'jti', 'expired ' || n, extract(epoch FROM now() - interval '2 days')::bigint
     FROM generate_series(1, $1::int) n`,
    [revoked_tokens],
  );
}

/** How many processes are at it in this moment. */
async function sweepsUnderWay(): Promise<number> {
  const locks = await stack.query(
    `SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = x'72657461'::int
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return locks.length;
}

/** What the processes have logged that they removed, all together. */
function removedByLog(): Record<string, number> {
  const total: Record<string, number> = {};
  for (const line of stack.log().split('\n')) {
    if (!line.includes('"removed"')) continue;
    const { removed } = JSON.parse(line) as { removed: { table: string; rows: number }[] };
    for (const { table, rows } of removed) total[table] = (total[table] ?? 0) + rows;
  }
  return total;
}

it('expired rows are removed once, soon after a start, and no request waits for it', async () => {
  let alive = await newSession(stack.auth());
  const { access_token: dead, email } = await newSession(stack.auth());
  await call(`${stack.auth()}/auth/logout`, { method: 'POST', token: dead });
  await tryLogin(stack.auth(), email, 'not the password');
  const living = await countRows();
  for (const table of TABLES) expect(living[table]).toBeGreaterThan(0);

  await stack.stop();
  await addExpired(decode(alive.access_token).payload['sub']);
  // A sweep gets this far, and waits here in the middle. Logins write to the tables that are left.
  await holdUp.query('BEGIN; LOCK TABLE reference_tokens IN SHARE ROW EXCLUSIVE MODE');
  await stack.restartAll();
  const { login_limits: limits, ...others } = living;
  const rowsLeft = async () => ({ ...(await countRows()), sweeps: await sweepsUnderWay() });
  await expect
    .poll(rowsLeft, within(60))
    .toEqual({ ...others, login_limits: limits + EXPIRED.login_limits, sweeps: 1 });

  // Meanwhile users refresh and log in at both processes.
  for (const auth of [stack.auth(0), stack.auth(1)]) {
    const { status, body } = await refresh(auth, alive.refresh_token);
    expect(status).toBe(200);
    alive = { ...alive, ...body };
    expect(await stack.verdict((await login(auth, alive.email)).access_token)).toBe('ok');
  }
  expect(await sweepsUnderWay()).toBe(1);
  await holdUp.query('COMMIT');
  const limitsLeft = async () => (await countRows()).login_limits;
  await expect.poll(limitsLeft, within(30)).toBe(limits);

  // No row was left to the next time, and none was removed by two.
  await expect.poll(removedByLog, within(10)).toEqual(EXPIRED);

  // Live sessions still work, and ended ones stay ended.
  expect(outcome(await refresh(stack.auth(), alive.refresh_token))).toBe('ok');
  expect(await stack.verdict(dead)).toBe('token_revoked');
}, 180_000);
