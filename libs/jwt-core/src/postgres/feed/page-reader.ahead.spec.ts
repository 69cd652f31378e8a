import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { migratedDatabase, type MigratedDatabase } from '../migrated-database.spec-support.js';
import { FeedConnection } from './connection.js';
import { PageReader } from './page-reader.js';
import { theBeginning } from './place.js';
import { pageSize, readEnd, type FeedPage } from './read-page.js';
import { RevocationLog } from './revocation-log.js';

let database: MigratedDatabase;
let log: RevocationLog;
let reader: PageReader;
let closing: AbortController;
const queries = vi.spyOn(FeedConnection.prototype, 'query');

beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.dataSource.query('TRUNCATE revoked_tokens');
  closing = new AbortController();
  const config = { connectionString: database.url };
  reader = new PageReader({ config, signal: closing.signal });
  const options = { config, name: 'spec', statementTimeoutMs: 0, signal: closing.signal };
  const connection = await FeedConnection.open(options);
  log = new RevocationLog(connection.identity, await readEnd(connection));
  connection.destroy();
  queries.mockClear();
});
afterEach(() => closing.abort());

const fill = (count: number): Promise<unknown> =>
  database.dataSource.query(
    `INSERT INTO revoked_tokens (kind, id, exp)
     SELECT 'jti', lpad(n::text, 9, '0'), 2000000000 FROM generate_series(1, $1::int) AS n`,
    [count],
  );
const ids = ({ entries }: FeedPage) => entries.map(({ id }) => id);

/** Until so many queries were answered. */
async function answers(count: number): Promise<void> {
  await vi.waitFor(() => expect(queries).toHaveBeenCalledTimes(count));
  await Promise.all(queries.mock.results.map(({ value }) => value as Promise<unknown>));
}

describe('a page that a reader will ask for next', () => {
  it('is read before they do, and once for all of them', async () => {
    await fill(2 * pageSize + 1);
    const first = await reader.read(theBeginning, log);
    await answers(2);
    const seconds = await Promise.all([1, 2].map(() => reader.read(first.place, log)));
    // The third is on its way, and nothing was read again.
    await answers(3);
    expect(seconds[0]).toBe(seconds[1]);
    const last = await reader.read(seconds[0]!.place, log);
    const told = [first, seconds[0]!, last].flatMap(ids);
    expect(told).toHaveLength(2 * pageSize + 1);
    expect(new Set(told).size).toBe(told.length);
    expect([first.more, seconds[0]!.more, last.more]).toEqual([true, true, false]);
  });

  it('is read again if it was the last, as that proves that there is no more', async () => {
    await fill(pageSize + 1);
    const first = await reader.read(theBeginning, log);
    await answers(2);
    await database.revoke({ kind: 'sid', id: 'later', exp: 2_000_000_000 });
    expect(ids(await reader.read(first.place, log)).slice(1)).toEqual(['later']);
  });

  it('is followed by what was committed later at places before its end', async () => {
    const runner = database.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query(`INSERT INTO revoked_tokens (kind, id, exp)
      VALUES ('sid', 'late', 2000000000)`);
    await fill(2 * pageSize + 1);
    const first = await reader.read(theBeginning, log);
    await answers(2);
    await runner.commitTransaction();
    await runner.release();
    const second = await reader.read(first.place, log);
    expect([...ids(first), ...ids(second)]).not.toContain('late');
    expect(ids(await reader.read(second.place, log))).toContain('late');
  });

  it('is forgotten with the connection that it was read through', async () => {
    await fill(2 * pageSize + 1);
    const first = await reader.read(theBeginning, log);
    await answers(2);
    await database.dataSource.query('TRUNCATE revoked_tokens');
    reader.disconnect();
    expect(ids(await reader.read(first.place, log))).toEqual([]);
  });

  it('is not read while others wait for theirs', async () => {
    await fill(2 * pageSize + 1);
    const behind = { ...theBeginning, xid: 2n ** 62n };
    await Promise.all([reader.read(theBeginning, log), reader.read(behind, log)]);
    await answers(2);
    expect(queries).toHaveBeenCalledTimes(2);
  });
});
