import { beforeAll, describe, expect, it } from 'vitest';

import { freshDatabase, schemaOf, withClient } from './index.js';

const NOTES = 'CREATE TABLE notes (id int PRIMARY KEY, body text, written_at timestamptz)';

let url: string;

beforeAll(async () => {
  url = await freshDatabase();
  await run(NOTES);
});

describe('schemaOf', () => {
  it('is the same for columns in another order', async () => {
    const other = await freshDatabase();
    await run('CREATE TABLE notes (written_at timestamptz, id int PRIMARY KEY, body text)', other);
    expect(await schemaOf(other)).toEqual(await schemaOf(url));
  });

  it.each([
    'CREATE TABLE more ()',
    'ALTER TABLE notes ADD author text',
    'ALTER TABLE notes ALTER body SET NOT NULL',
    "ALTER TABLE notes ALTER body SET DEFAULT ''",
    'ALTER TABLE notes ALTER id TYPE bigint',
    'ALTER TABLE notes ALTER written_at TYPE timestamptz(3)',
    'ALTER TABLE notes ALTER body TYPE text COLLATE "C"',
    'ALTER TABLE notes ALTER id ADD GENERATED ALWAYS AS IDENTITY',
    'ALTER TABLE notes DROP body, ADD body text GENERATED ALWAYS AS (id::text) STORED',
    'ALTER TABLE notes ADD CHECK (id > 0)',
    'ALTER TABLE notes ADD CHECK (id > 0) NOT VALID',
    'ALTER TABLE notes ADD parent int REFERENCES notes ON DELETE CASCADE',
    'CREATE INDEX ON notes (body)',
    'CREATE UNIQUE INDEX ON notes (body) WHERE id > 7',
    'CREATE SEQUENCE numbers',
    "CREATE TYPE mood AS ENUM ('good', 'bad')",
    'CREATE FUNCTION one() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    `CREATE TRIGGER unchanged BEFORE UPDATE ON notes
     FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
  ])('shows %s', async (statement) => {
    const before = await schemaOf(url);
    await run(statement);
    expect(await schemaOf(url)).not.toEqual(before);
  });
});

async function run(statement: string, at = url): Promise<void> {
  await withClient(at, (client) => client.query(statement));
}
