// A migration that has landed never changes: databases that have run it would differ from new ones.
//   node .ci/migrations-lock.mjs         checks the migrations against migrations.lock
//   node .ci/migrations-lock.mjs --add   adds those that are not in it yet, when they land
// The lines are those of sha256sum. Where there is git history, a line that was ever there must
// still be there: nobody can edit a migration together with its line.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';

const isMigration = (file) =>
  /^apps\/[^/]+\/src\/database\/migrations\/[^/]+\.ts$/.test(file) ||
  /^libs\/[^/]+\/src\/.+\.migration\.ts$/.test(file);

/** @param root of the repository, or of a copy of its files */
export function checkMigrations(root, { add = false } = {}) {
  const lock = path.join(root, 'migrations.lock');
  const locked = existsSync(lock) ? linesOf(readFileSync(lock, 'utf8')) : [];
  const files = migrationsIn(root);
  const isLocked = (file) => locked.some((line) => line.endsWith(`  ${file}`));
  if (add) {
    const added = files.filter((file) => !isLocked(file));
    appendFileSync(lock, added.map((file) => `${lineFor(root, file)}\n`).join(''));
    return added.map((file) => `Added ${file}`);
  }
  const problems = files
    .filter((file) => !isLocked(file))
    .map((file) => `${file} is not in migrations.lock: when it lands, add it with --add`);
  for (const line of locked) {
    const file = line.replace(/^\S+ {2}/, '');
    if (!files.includes(file)) problems.push(`${file} has landed, and is missing`);
    else if (lineFor(root, file) !== line) {
      problems.push(`${file} has landed, and was changed: write another migration instead`);
    }
  }
  for (const line of linesEverCommitted(root)) {
    if (!locked.includes(line)) problems.push(`migrations.lock has lost the line ${line}`);
  }
  return problems;
}

function migrationsIn(root) {
  const folders = ['apps', 'libs'].filter((folder) => existsSync(path.join(root, folder)));
  return folders.flatMap((folder) => filesBelow(root, folder).filter(isMigration)).sort();
}

function* walk(root, folder) {
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    if (/^(node_modules|dist|dist-spec|compiled)$/.test(entry.name)) continue;
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(root, file);
    else yield file;
  }
}

const filesBelow = (root, folder) => [...walk(root, folder)];

function lineFor(root, file) {
  // A checkout on Windows may have other ends of lines.
  const text = readFileSync(path.join(root, file), 'utf8').replaceAll('\r\n', '\n');
  return `${createHash('sha256').update(text).digest('hex')}  ${file}`;
}

function linesOf(text) {
  return text.split(/\r?\n/).filter((line) => line !== '');
}

/** None in a copy without history; those that it reaches in a shallow one. */
function linesEverCommitted(root) {
  const git = (...args) =>
    execFileSync('git', ['-C', root, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 1 << 28,
    });
  try {
    // A copy inside of another repository has nothing to do with that one's history.
    if (realpathSync(git('rev-parse', '--show-toplevel').trim()) !== realpathSync(root)) return [];
    const patches = git('log', '-p', '-m', '--format=', '--no-ext-diff', '--', 'migrations.lock');
    const added = linesOf(patches).filter((line) => /^\+[0-9a-f]{64} {2}/.test(line));
    return [...new Set(added.map((line) => line.slice(1)))];
  } catch {
    return [];
  }
}

if (process.argv[1] === import.meta.filename) {
  const add = process.argv.includes('--add');
  const messages = checkMigrations(path.dirname(import.meta.dirname), { add });
  for (const message of messages) console.log(message);
  if (!add && messages.length > 0) process.exitCode = 1;
}
