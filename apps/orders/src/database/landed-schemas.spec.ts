import { readdirSync, readFileSync } from 'node:fs';
import { openDatabase } from '@jwt-auth/chassis';
import { freshDatabase, schemaOf } from '@jwt-auth/dev-stack/vitest';
import pg from 'pg';
import { expect, it } from 'vitest';

import { ordersDatabase } from './orders-database.js';

/** A script for each schema that a database may have: see CONTRIBUTING.md. */
const folder = new URL('landed/', import.meta.url);

it.each(readdirSync(folder))(
  'has the schema of a fresh one after an upgrade from %s',
  async (state) => {
    const [url, freshUrl] = [await freshDatabase(), await freshDatabase()];
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(readFileSync(new URL(state, folder), 'utf8'));
    await client.end();
    for (const each of [url, freshUrl]) await (await openDatabase(ordersDatabase(each))).destroy();
    expect(await schemaOf(url)).toEqual(await schemaOf(freshUrl));
  },
);
