// Adds up the JSON reports that vitest left in each workspace member, and repeats what failed at the
// end of the output, where it is found. Reads what nx printed, and the exit status of the tasks as argument.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const root = path.dirname(import.meta.dirname);
const { workspaces } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const members = workspaces.flatMap((pattern) => {
  if (!pattern.endsWith('/*')) return pattern;
  const room = pattern.slice(0, -2);
  return readdirSync(path.join(root, room)).map((name) => path.join(room, name));
});

let passed = 0;
let failed = 0;
for (const member of members) {
  const folder = path.join(root, member, 'test-results');
  const reports = existsSync(folder) ? readdirSync(folder) : [];
  for (const report of reports.filter((name) => name.endsWith('.json'))) {
    const result = JSON.parse(readFileSync(path.join(folder, report), 'utf8'));
    passed += result.numPassedTests;
    // A file that could not even be loaded has no test to count.
    failed += result.numFailedTests || (result.success ? 0 : 1);
    if (!result.success) console.log(`In ${member}:`, ...failuresOf(result));
    if (report === 'package.json' && result.numPendingTests > 0) {
      const skipped = `${result.numPendingTests} tests of ${member}`;
      console.log(`SKIPPED: ${skipped}, as the npm registry could not be reached.`);
    }
  }
}

const failedTasks = stripVTControlCharacters(readFileSync(0, 'utf8'))
  .split('Failed tasks:')
  .slice(1)
  .flatMap((list) => list.split(/\n\s+[A-Z]/, 1)[0].match(/(?<=^- ).+/gm) ?? []);
if (failedTasks.length > 0) console.log('FAILED tasks:', failedTasks.join(', '));
// Such as a lint, or an error that no test has awaited: no report counts them.
if (failed === 0 && process.argv[2] !== '0') failed = Math.max(failedTasks.length, 1);

/** What failed: tests, or files that could not be loaded. */
function failuresOf({ testResults }) {
  return testResults
    .filter(({ status }) => status === 'failed')
    .flatMap(({ name, message, assertionResults }) => {
      const file = path.relative(root, name);
      const tests = assertionResults.filter(({ status }) => status === 'failed');
      if (tests.length === 0) return `FAILED: ${file}\n${message}`;
      return tests.map(
        (test) => `FAILED: ${file}: ${test.fullName}\n${test.failureMessages.join('\n')}`,
      );
    });
}

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
