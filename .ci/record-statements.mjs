// Records the statements that a release sends to its databases, from what Postgres logs during its
// e2e and fault tests. The release after it checks that its own schema still understands them.
//   npm run build && node .ci/record-statements.mjs 0.1.0
// writes apps/{auth,orders}/src/database/landed/0.1.0.statements.sql, in place of those of the release before.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';

/** By the name of the connection: each app, and the feed of revocations, which belongs to auth. */
const APPS = { auth: /^(auth|jwt-core revocations)/, orders: /^orders/ };

const root = path.dirname(import.meta.dirname);
const release = process.argv[2];
if (!release) throw new Error('Which release? node .ci/record-statements.mjs 0.1.0');

const entries = Object.keys(APPS).flatMap((app) => logOf(app).split(/^(?=@@)/m));
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
  const folder = path.join(root, `apps/${app}/src/database/landed`);
  const before = readdirSync(folder).filter((file) => file.endsWith('.statements.sql'));
  for (const file of before) rmSync(path.join(folder, file));
  writeFileSync(path.join(folder, `${release}.statements.sql`), [...statements].sort().join(''));
  console.log(`Recorded ${statements.size} statements of ${app}`);
}

/** What Postgres logs while the e2e and fault tests of an app run. */
function logOf(app) {
  const folder = mkdtempSync(path.join(tmpdir(), 'statements-'));
  const log = path.join(folder, 'postgres.log');
  try {
    execFileSync('npx', ['vitest', 'run', '--project', 'e2e', '--project', 'faults'], {
      cwd: path.join(root, `apps/${app}-e2e`),
      env: { ...process.env, STATEMENTS_LOG: log },
      stdio: 'inherit',
    });
    return readFileSync(log, 'utf8');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Neither what TypeORM asks about the server and its migrations, nor what migrations run. */
function isOfTheApp(statement) {
  if (!/^(SELECT|INSERT|UPDATE|DELETE|WITH)\b/.test(statement)) return false;
  return !/"?migrations"?\b|information_schema|pg_temp|^SELECT (version|current_schema|1$)|^SELECT \* FROM current_schema|pg_(try_)?advisory|revoked_tokens_cursor_secret \(/.test(
    statement,
  );
}
