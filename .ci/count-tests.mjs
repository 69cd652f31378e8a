// Adds up the JSON reports that vitest left in each workspace member.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const members = ['apps', 'libs']
  .flatMap((room) => readdirSync(path.join(root, room)).map((name) => path.join(room, name)))
  .concat('bench');

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
  }
}

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
