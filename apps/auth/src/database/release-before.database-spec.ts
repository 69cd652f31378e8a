import { openDatabase } from '@jwt-auth/chassis';
import {
  contractions,
  freshDatabase,
  releaseBefore,
  schemaOf,
  withDatabase,
} from '@jwt-auth/dev-stack/vitest';
import { beforeAll, describe, expect, it } from 'vitest';

import { authDatabase } from './auth-database.js';

/** It runs beside this one during an upgrade: see docs/releases.md. */
const { schema } = releaseBefore(new URL('landed/', import.meta.url));

let url: string;
let before: string[];

beforeAll(async () => {
  url = await freshDatabase();
  await withDatabase(url, (client) => client.query(schema));
  before = await schemaOf(url);
  await (await openDatabase(authDatabase(url))).destroy();
});

describe('the database of this release', () => {
  it('only has more than the database of the release before', async () => {
    expect(contractions(before, await schemaOf(url))).toEqual([]);
  });
});
