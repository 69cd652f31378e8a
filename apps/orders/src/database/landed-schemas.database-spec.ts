import { readdirSync, readFileSync } from 'node:fs';
import { openDatabase } from '@jwt-auth/chassis';
import { freshDatabase, schemaOf, withClient } from '@jwt-auth/dev-stack/vitest';
import { expect, it } from 'vitest';

import { ordersDatabase } from './orders-database.js';

/** A script for each schema that a database may have: see docs/releases.md. */
const folder = new URL('landed/', import.meta.url);
const landed = readdirSync(folder).filter((file) => file.endsWith('.sql'));

it.each(landed)('has the schema of a fresh one after an upgrade from %s', async (state) => {
  const [url, freshUrl] = [await freshDatabase(), await freshDatabase()];
  const script = readFileSync(new URL(state, folder), 'utf8');
  await withClient(url, (client) => client.query(script));
  for (const each of [url, freshUrl]) await (await openDatabase(ordersDatabase(each))).destroy();
  expect(await schemaOf(url)).toEqual(await schemaOf(freshUrl));
});
