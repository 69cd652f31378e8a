// Records the schema that a release makes on an empty database, for the tests of upgrades:
//   npm run build && node .ci/record-schema.mjs 0.1.0
// writes apps/*/src/database/landed/0.1.0.sql for each app of the stack: what the migrations run, and their rows.
// With --released, release-before.txt beside it names this release: what comes next has to run beside it.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { findApps, startPostgres } from '@jwt-auth/dev-stack';
import { DataSource } from 'typeorm';

const root = path.dirname(import.meta.dirname);

/** The statements that TypeORM runs to migrate an empty database, as one SQL script. */
async function recordMigrations(options) {
  const statements = [];
  const nothing = () => undefined;
  const logger = {
    logQuery(query, parameters = []) {
      if (/^\s*(SELECT|SHOW|START TRANSACTION|COMMIT)\b/.test(query)) return;
      // The script runs in one transaction, where nothing can be concurrent.
      const statement = query.replace(' CONCURRENTLY', '');
      statements.push(statement.replace(/\$(\d+)/g, (_, n) => `'${parameters[n - 1]}'`));
    },
    logQueryError: nothing,
    logQuerySlow: nothing,
    logSchemaBuild: nothing,
    logMigration: nothing,
    log: nothing,
  };
  const dataSource = new DataSource({ ...options, logging: ['query'], logger });
  await dataSource.initialize();
  await dataSource.runMigrations();
  await dataSource.destroy();
  return statements.map((statement) => `${withoutIndent(statement)};\n`).join('\n');
}

function withoutIndent(statement) {
  const lines = statement.trim().split('\n');
  const depths = lines.slice(1).map((line) => /\S/.exec(line)?.index ?? Infinity);
  const depth = Math.min(...depths);
  return [lines[0], ...lines.slice(1).map((line) => line.slice(Math.max(0, depth)))].join('\n');
}

async function record(release, isReleased) {
  const server = await startPostgres();
  try {
    for (const { name: app } of findApps(root)) {
      const database = path.join(root, `apps/${app}/compiled/database/${app}-database.js`);
      // Such as ordersDatabase.
      const exported = Object.entries(await import(pathToFileURL(database)));
      const [, options] = exported.find(([name]) => name.endsWith('Database'));
      const sql = await recordMigrations(options(await server.createDatabase(app)));
      const folder = path.join(root, `apps/${app}/src/database/landed`);
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, `${release}.sql`), sql);
      if (isReleased) writeFileSync(path.join(folder, 'release-before.txt'), `${release}\n`);
      console.log(`Recorded apps/${app}/src/database/landed/${release}.sql`);
    }
  } finally {
    await server.stop();
  }
}

if (process.argv[1] === import.meta.filename) {
  const [release, option] = process.argv.slice(2);
  if (!release) throw new Error('Which release? node .ci/record-schema.mjs 0.1.0');
  await record(release, option === '--released');
}
