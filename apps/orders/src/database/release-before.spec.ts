import { readFileSync } from 'node:fs';
import { openDatabase } from '@jwt-auth/chassis';
import {
  contractions,
  freshDatabase,
  refusedStatements,
  schemaOf,
  withDatabase,
} from '@jwt-auth/dev-stack/vitest';
import { beforeAll, describe, expect, it } from 'vitest';

import { ordersDatabase } from './orders-database.js';

/** The release that runs beside this one during an upgrade: see CONTRIBUTING.md. */
const RELEASE_BEFORE = '2026-11-24-ea871e8';

const recorded = (file: string) =>
  readFileSync(new URL(`landed/${RELEASE_BEFORE}${file}`, import.meta.url), 'utf8');

let url: string;
let before: string[];

beforeAll(async () => {
  url = await freshDatabase();
  await withDatabase(url, (client) => client.query(recorded('.sql')));
  before = await schemaOf(url);
  await (await openDatabase(ordersDatabase(url))).destroy();
});

describe('the database of this release', () => {
  it('understands each statement of the release before', async () => {
    const statements = recorded('.statements.sql');
    expect(statements.split('\n').length).toBeGreaterThan(10);
    expect(await refusedStatements(url, statements)).toEqual([]);
  });

  it('only has more than the database of the release before', async () => {
    expect(contractions(before, await schemaOf(url))).toEqual([]);
  });
});
