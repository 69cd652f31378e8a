import pg from 'pg';
import { expect, it } from 'vitest';
import { freshDatabase } from './index.js';

async function tables(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
    );
    await client.query('CREATE TABLE IF NOT EXISTS only_here ()');
    return rows.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

it('gives every caller an empty database of its own, also at the same moment', async () => {
  const urls = await Promise.all([freshDatabase(), freshDatabase(), freshDatabase()]);
  expect(new Set(urls).size).toBe(3);
  for (const url of urls) expect(await tables(url)).toEqual([]);
});

it('copies the database that a caller names', async () => {
  const template = await freshDatabase();
  await tables(template);
  const copies = await Promise.all([freshDatabase(template), freshDatabase(template)]);
  for (const url of copies) expect(await tables(url)).toEqual(['only_here']);
});
