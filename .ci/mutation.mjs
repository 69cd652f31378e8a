// Mutation tests: changes one place of the source after the other, and runs the specs that reach it. A
// change that no spec notices survives: docs/mutation.md lists those that are left, and why.
//   npm run mutation                                            all folders, which takes an hour or more
//   npm run mutation -- libs/jwt-core/src/keys                  one folder
//   npm run mutation -- --mutate libs/jwt-core/src/keys/jwk.ts  one file, or a glob within a folder
//   npm run mutation -- libs/jwt-core/src/keys --force          also what is the same as in the last run
// Ends with an error if the score of a folder is under 92 %, a survivor is not listed, or a mutant could not be
// tried. Lists what no longer survives.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { isGood, leftOver, nameOf, survivorsIn, takeListed } from './mutation.list.mjs';
import { install } from './versions.mjs';

// Not in the lock file: `npm ci`, which everyone runs, would take a fifth longer.
const STRYKER = { core: '@stryker-mutator/core', runner: '@stryker-mutator/vitest-runner' };
const VERSION = '9.6.1';

const ROOT = path.join(import.meta.dirname, '..');
const LEAST_SCORE = 92;
const LIST = 'docs/mutation.md';
const FOLDERS = [
  'libs/jwt-core/src/verifier',
  'libs/jwt-core/src/issuer',
  'libs/jwt-core/src/keys',
  'libs/jwt-core/src/revocation',
  'apps/auth/src/keys',
  'apps/auth/src/sessions',
];

process.chdir(ROOT);
const { folders, mutate, force } = settings();
const listed = survivorsIn(readFileSync(LIST, 'utf8'));
const core = install(STRYKER.core, VERSION, 'stryker', [STRYKER.runner]);
if (core === undefined) fail('Stryker could not be installed');
const { Stryker } = await import(pathToFileURL(path.join(core, 'dist/src/index.js')).href);
// Read by .ci/mutation.runner.mjs and .ci/mutation.setup.mjs.
process.env.STRYKER_VITEST_RUNNER = path.join(
  core,
  '../vitest-runner/dist/src/vitest-test-runner.js',
);
process.env.RSA_KEYS = Array.from({ length: 60 }, newKey).join(' ');
const table = [];
for (const folder of folders) table.push(await measure(folder));
console.table(table);
process.exitCode = table.every((row) => isGood(row, LEAST_SCORE)) ? 0 : 1;

function settings() {
  const options = { mutate: { type: 'string' }, force: { type: 'boolean', default: false } };
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const folders = positionals.map((folder) => path.normalize(folder).replace(/\/$/, ''));
    const unknown = folders.find((folder) => !FOLDERS.includes(folder));
    if (unknown !== undefined) return fail(`${unknown} is none of ${FOLDERS.join(', ')}`);
    const { mutate, force } = values;
    if (mutate === undefined) return { folders: folders.length > 0 ? folders : FOLDERS, force };
    const reached = FOLDERS.filter((folder) => mutate.startsWith(folder));
    if (reached.length !== 1) return fail(`--mutate is no file in ${FOLDERS.join(', ')}`);
    return { folders: reached, mutate, force };
  } catch (error) {
    return fail(error.message);
  }
}

function newKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}

async function measure(folder) {
  const name = folder.replace(/^\w+\/([\w-]+)\/src/, '$1').replaceAll('/', '-');
  // Read by .ci/mutation.vitest.mjs, in the processes that Stryker starts.
  process.env.MUTATION_FOLDER = folder;
  const begun = Date.now();
  const all = await new Stryker({
    mutate: [mutate ?? `${folder}/**/*.ts`, '!**/*{.spec,-spec,.fixture}.ts'],
    testRunner: 'vitest-files',
    vitest: { configFile: '.ci/mutation.vitest.mjs', related: false },
    plugins: [
      path.join(core, '../vitest-runner/dist/src/index.js'),
      path.join(ROOT, '.ci/mutation.plugins.mjs'),
      path.join(ROOT, '.ci/mutation.runner.mjs'),
    ],
    ignorers: ['messages', 'documentation'],
    coverageAnalysis: 'perTest',
    ignorePatterns: [
      '.data',
      '.nx',
      'dist',
      'compiled',
      'dist-spec',
      'test-results',
      'docs',
      'bench',
    ],
    tempDirName: '.data/mutation/sandbox',
    incremental: true,
    incrementalFile: `.data/mutation/${name}.json`,
    force,
    reporters: ['progress', 'survivors', 'html'],
    htmlReporter: { fileName: `.data/mutation/${name}.html` },
    // A test of an app that waits forever fails by itself before that.
    timeoutMS: folder.startsWith('apps/') ? 60_000 : 10_000,
    concurrency: 1,
    thresholds: { high: 100, low: LEAST_SCORE, break: null },
  }).runMutationTest();
  const count = (...statuses) => all.filter(({ status }) => statuses.includes(status)).length;
  const killed = count('Killed', 'Timeout');
  const survivors = all.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
  const mutants = killed + survivors.length;
  const unlisted = takeListed(listed, survivors.map(lineOf));
  if (unlisted.length > 0) console.log(`${LIST} does not list:\n${unlisted.join('\n')}`);
  // Of one file, a run says nothing about the others of its folder.
  const gone = mutate === undefined ? leftOver(listed, folder) : [];
  if (gone.length > 0) console.log(`${LIST} lists, but it does not survive:\n${gone.join('\n')}`);
  return {
    folder,
    mutants,
    killed,
    survived: survivors.length,
    score: Math.floor((killed / mutants) * 1000) / 10,
    unlisted: unlisted.length,
    gone: gone.length,
    failed: count('RuntimeError', 'CompileError', 'Pending'),
    ignored: count('Ignored'),
    minutes: Math.round((Date.now() - begun) / 60_000),
  };
}

/** How `docs/mutation.md` names a mutant: its file, and the code before and after the change. */
function lineOf({ fileName, location, replacement }) {
  const lines = readFileSync(fileName, 'utf8').split('\n');
  const { start, end } = location;
  const of = lines.slice(start.line - 1, end.line);
  of[of.length - 1] = of.at(-1).slice(0, end.column - 1);
  of[0] = of[0].slice(start.column - 1);
  const file = nameOf(path.relative(ROOT, fileName));
  return `- \`${file}\`: ${code(of.join(' '))} → ${code(replacement)}`;
}

function code(text) {
  // Two backticks alone cannot be written as code.
  const line = text.replace(/\s+/g, ' ').replace(/^``$/, '""').trim();
  const short = line.length > 70 ? `${line.slice(0, 45)}…${line.slice(-20)}` : line;
  return short.includes('`') ? `\`\` ${short} \`\`` : `\`${short}\``;
}

function fail(message) {
  console.error(`${message}\nTry: npm run mutation -- ${FOLDERS[0]}`);
  process.exit(2);
}
