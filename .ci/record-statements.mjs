// Records the statements that a release sends to its databases, from what Postgres logged during its
// tests. The release after it checks that its own schema still understands them.
//   (cd apps/auth-e2e && STATEMENTS_LOG=/tmp/auth.log npx vitest run --project e2e)
//   (cd apps/orders-e2e && STATEMENTS_LOG=/tmp/orders.log npx vitest run --project e2e)
//   node .ci/record-statements.mjs 0.1.0 /tmp/auth.log /tmp/orders.log
// writes apps/{auth,orders}/src/database/landed/0.1.0.statements.sql.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** By the name of the connection: each app, and the feed of revocations, which belongs to auth. */
const APPS = { auth: /^(auth|jwt-core revocations)/, orders: /^orders/ };

const root = path.dirname(import.meta.dirname);
const [release, ...logs] = process.argv.slice(2);
if (!release || logs.length === 0) throw new Error('Which release, and which logs?');

const entries = logs.flatMap((log) => readFileSync(log, 'utf8').split(/^(?=@@)/m));
for (const [app, connections] of Object.entries(APPS)) {
  const statements = new Set();
  for (const entry of entries) {
    const [, connection, text] =
      /^@@(.*?)@@ LOG: {2}(?:statement|execute [^:]*): ([^]*)/.exec(entry) ?? [];
    if (!connection || !connections.test(connection)) continue;
    // Comments would swallow the rest of a line that was folded.
    const statement = text.replaceAll(/--.*$/gm, '').replaceAll(/\s+/g, ' ').trim();
    if (isOfTheApp(statement)) statements.add(`${statement};\n`);
  }
  const file = path.join(root, `apps/${app}/src/database/landed/${release}.statements.sql`);
  writeFileSync(file, [...statements].sort().join(''));
  console.log(`Recorded ${statements.size} statements in ${path.relative(root, file)}`);
}

/** Neither what TypeORM asks about the server and its migrations, nor what migrations run. */
function isOfTheApp(statement) {
  if (!/^(SELECT|INSERT|UPDATE|DELETE|WITH)\b/.test(statement)) return false;
  return !/"?migrations"?\b|information_schema|pg_temp|^SELECT (version|current_schema|1$)|^SELECT \* FROM current_schema|pg_(try_)?advisory|revoked_tokens_cursor_secret \(/.test(
    statement,
  );
}
