import { openDatabase } from '@jwt-auth/chassis';
import {
  contractions,
  freshDatabase,
  releaseBefore,
  schemaOf,
  withDatabase,
} from '@jwt-auth/dev-stack/vitest';
import { beforeAll, describe, expect, it } from 'vitest';

import { ordersDatabase } from './orders-database.js';

/** It runs beside this one during an upgrade: see docs/releases.md. */
const { schema } = releaseBefore(new URL('landed/', import.meta.url));

let url: string;
let before: string[];

beforeAll(async () => {
  url = await freshDatabase();
  await withDatabase(url, (client) => client.query(schema));
  before = await schemaOf(url);
  await (await openDatabase(ordersDatabase(url))).destroy();
});

describe('the database of this release', () => {
  it('only has more than the database of the release before', async () => {
    expect(contractions(before, await schemaOf(url))).toEqual([]);
  });
});
