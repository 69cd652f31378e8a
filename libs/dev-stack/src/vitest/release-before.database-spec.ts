import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, expect, it, onTestFinished } from 'vitest';

import {
  contractions,
  freshDatabase,
  refusedStatements,
  releaseBefore,
  schemaOf,
  withDatabase,
} from './index.js';

const NOTES = `
  CREATE TABLE notes (id int PRIMARY KEY, body text, written_at timestamptz,
    CONSTRAINT moments UNIQUE (written_at), CONSTRAINT apart EXCLUDE USING btree (id WITH =));
  CREATE UNIQUE INDEX bodies ON notes (lower(body)) WHERE id > 7;
  CREATE INDEX ids ON notes (id, body);
  CREATE FUNCTION one() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$`;

let url: string;
let before: string[];

beforeAll(async () => {
  url = await freshDatabase();
  await withDatabase(url, (client) => client.query(NOTES));
  before = await schemaOf(url);
});

it.each([
  ['ADD author text', []],
  ["ADD author text NOT NULL DEFAULT ''", []],
  ['ADD number int GENERATED ALWAYS AS IDENTITY', []],
  ['ADD author text NOT NULL', ['new and required: notes.author']],
  ['DROP body', ['lost column notes.body text']],
  ['RENAME body TO content', ['lost column notes.body text']],
  ['RENAME TO papers', ['lost relation r notes', 'lost column notes.id integer']],
  ['ALTER id TYPE bigint', ['lost column notes.id integer']],
  ['ALTER body SET NOT NULL', ['now required: notes.body']],
  ["ADD CONSTRAINT short CHECK (body < 'n')", ['new constraint notes short CHECK']],
  ['ADD CONSTRAINT single UNIQUE (body)', ['new constraint notes single UNIQUE (body)']],
])('finds what ALTER TABLE notes %s takes from the release before', async (change, found) => {
  const copy = await freshDatabase();
  await withDatabase(copy, (client) => client.query(`${NOTES}; ALTER TABLE notes ${change}`));
  const all = contractions(before, await schemaOf(copy));
  expect(all.length === 0).toBe(found.length === 0);
  for (const part of found) expect(all.join('\n')).toContain(part);
});

it.each([
  ['DROP INDEX ids', []],
  [`CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS $$ SELECT 2 - 1 $$`, []],
  ['DROP INDEX bodies', ['lost index CREATE UNIQUE INDEX bodies ON public.notes']],
  ['ALTER TABLE notes DROP CONSTRAINT moments', ['lost constraint notes moments UNIQUE']],
  [
    'ALTER TABLE notes DROP CONSTRAINT notes_pkey',
    ['lost constraint notes notes_pkey PRIMARY KEY'],
  ],
  ['ALTER TABLE notes DROP CONSTRAINT apart', ['lost constraint notes apart EXCLUDE']],
  ['DROP FUNCTION one', ['lost function CREATE OR REPLACE FUNCTION public.one() RETURNS integer']],
])('finds what %s takes from the release before', async (change, found) => {
  const copy = await freshDatabase();
  await withDatabase(copy, (client) => client.query(`${NOTES}; ${change}`));
  const all = contractions(before, await schemaOf(copy));
  expect(all.length === 0, all.join('\n')).toBe(found.length === 0);
  for (const part of found) expect(all.join('\n')).toContain(part);
});

it('finds the statements that a schema does not understand', async () => {
  const recorded = [
    'SELECT body FROM notes WHERE id = $1;',
    'SELECT author FROM notes;',
    'INSERT INTO notes (id, body) VALUES ($1, $2);',
    'UPDATE papers SET body = $1;',
    '',
  ];
  const refused = await refusedStatements(url, recorded.join('\n'));
  expect(refused).toEqual([
    expect.stringContaining('column "author" does not exist: SELECT author'),
    expect.stringContaining('relation "papers" does not exist'),
  ]);
});

it('takes for the release before the only one whose statements are recorded', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'landed-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const landed = pathToFileURL(`${folder}/`);
  const files = {
    '0.1.0.sql': 'first',
    '0.2.0.sql': 'second',
    '0.2.0.statements.sql': 'SELECT 1;',
  };
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(folder, file), text);
  const expected = { name: '0.2.0', schema: 'second', statements: 'SELECT 1;' };
  expect(releaseBefore(landed)).toEqual(expected);
  writeFileSync(path.join(folder, '0.1.0.statements.sql'), '');
  expect(() => releaseBefore(landed)).toThrow('the statements of one release');
});
