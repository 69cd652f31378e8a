import { openDatabase } from '@jwt-auth/chassis';
import { testReleaseBefore } from '@jwt-auth/dev-stack/vitest';

import { authDatabase } from './auth-database.js';

// It runs beside this one during an upgrade: see docs/releases.md.
testReleaseBefore(new URL('landed/', import.meta.url), async (url) => {
  await (await openDatabase(authDatabase(url))).destroy();
});
