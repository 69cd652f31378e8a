// Makes a release of everything under one version, in a copy of this repository:
//   npm run release -- 0.2.0               changes, checks, records, commits, tags; takes that over from the
//                                          copy, and says how to publish
//   npm run release -- --dry-run [0.2.0]   does the same, and takes over nothing
//   npm run release -- --dry-run --skip-check   leaves out the tests
// It refuses a version that has been released, a tree with changes, a changelog without changes, and a
// repository whose check fails. A dry run warns of changes in the tree and of an empty changelog.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {
  changelogProblem,
  edits,
  imaged,
  presentVersion,
  published,
  Refusal,
} from './release-files.mjs';

const VERSION = /^(\d+)\.(\d+)\.(\d+)$/;
const USAGE = 'Which version? npm run release -- 0.2.0, or --dry-run';

/** Whether version `one` comes after `other`. */
function isNewer(one, other) {
  const [a, b] = [one, other].map((version) => VERSION.exec(version).slice(1).map(Number));
  const differs = a.findIndex((part, index) => part !== b[index]);
  return differs !== -1 && a[differs] > b[differs];
}

/** What the arguments ask for. Without a version a dry run takes the next one. */
function parse(args, next) {
  const options = args.filter((arg) => arg.startsWith('--'));
  const [version, ...others] = args.filter((arg) => !arg.startsWith('--'));
  const unknown = options.filter((option) => !['--dry-run', '--skip-check'].includes(option));
  if (unknown.length > 0) throw new Refusal(`There is no option ${unknown.join(' ')}`);
  const isDry = options.includes('--dry-run');
  const isChecked = !options.includes('--skip-check');
  if (!isDry && !isChecked) throw new Refusal('Only a dry run can skip the check');
  const chosen = isDry ? (version ?? next) : version;
  if (!VERSION.test(chosen ?? '') || others.length > 0) throw new Refusal(USAGE);
  return { version: chosen, isDry, isChecked };
}

const gitIn =
  (root) =>
  (...args) =>
    execFileSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    }).trim();

function release(root, args, say) {
  const git = gitIn(root);
  const isReleased = (version) => git('tag', '--list', `v${version}`) !== '';
  const present = presentVersion(root);
  const { version, isDry, isChecked } = parse(
    args,
    isReleased(present)
      ? present.replace(/\d+\.\d+$/, (rest) => `${parseInt(rest) + 1}.0`)
      : present,
  );
  if (isReleased(version)) throw new Refusal(`There is a tag v${version} already`);
  if (version !== present && !isNewer(version, present)) {
    throw new Refusal(`${version} is not newer than ${present}`);
  }
  const object = (problem) => {
    if (!isDry) throw new Refusal(problem);
    say(`Would be refused: ${problem}`);
  };
  const changes = git('status', '--porcelain');
  if (changes) object(`There are changes that are not committed:\n${changes}`);
  const problem = changelogProblem(root, version);
  if (problem) object(problem);

  const copy = mkdtempSync(path.join(tmpdir(), 'release-'));
  try {
    git('clone', '--quiet', root, copy);
    make(copy, version, { author: authorOf(git), isChecked, say });
    if (isDry) return say(`A release of ${version} can be made. Nothing was changed here.`);
    git('fetch', '--quiet', copy, `refs/tags/v${version}:refs/tags/v${version}`);
    git('merge', '--quiet', '--ff-only', `v${version}^{commit}`);
    say(`Committed and tagged v${version}. To publish:`);
    for (const command of publishing(root, version)) say(`  ${command}`);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Makes the release in a copy of the repository: a commit and a tag. */
function make(copy, version, { author, isChecked, say }) {
  const run = (command, ...args) => {
    try {
      execFileSync(command, args, { cwd: copy, stdio: 'inherit', env: withoutNpm(process.env) });
    } catch (cause) {
      throw new Refusal(`${[command, ...args].join(' ')} failed: see above`, { cause });
    }
  };
  const today = new Date().toISOString().slice(0, 10);
  for (const { file, text, changed } of edits(copy, version, today)) {
    if (text === changed) continue;
    say(`Changes ${file}`);
    writeFileSync(path.join(copy, file), changed);
  }
  if (isChecked) run('.ci/run');
  else {
    run('npm', 'ci');
    run('npm', 'run', 'build');
  }
  // What the release after this one has to run beside.
  run('node', '.ci/record-schema.mjs', version, '--released');
  for (const each of packed(copy)) say(`Packs ${each}`);
  const git = gitIn(copy);
  for (const [key, value] of Object.entries(author)) git('config', `user.${key}`, value);
  git('add', '--all');
  git('commit', '--quiet', '--allow-empty', '--message', `chore: release ${version}`);
  git('tag', '--annotate', `v${version}`, '--message', `Release ${version}`);
}

/** The author of the commit. A machine for a dry run may have no such setting. */
function authorOf(git) {
  const setting = (key, fallback) => git('config', '--default', fallback, '--get', `user.${key}`);
  return { name: setting('name', 'Release'), email: setting('email', 'release@localhost') };
}

/** Without the variables by which `npm run` passes its folder to a script. */
function withoutNpm(env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('npm_')));
}

/** What npm would publish: packed from what was built, and not kept. */
function packed(root) {
  const workspaces = published(root).flatMap((folder) => ['--workspace', folder]);
  const output = execFileSync(
    'npm',
    ['pack', '--dry-run', '--json', '--ignore-scripts', ...workspaces],
    {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: withoutNpm(process.env),
    },
  );
  return JSON.parse(output).map(
    ({ name, files, size }) =>
      `${name}: ${files.length} files, ${Math.round(size / 1024)} kB packed`,
  );
}

/** The commands that publish a release. */
function publishing(root, version) {
  const build = `--build-arg VERSION=${version} --build-arg COMMIT=$(git rev-parse HEAD)`;
  return [
    'git push --follow-tags',
    ...published(root).map((folder) => `npm publish --workspace ${folder} --access public`),
    ...imaged(root).map(
      (app) =>
        `docker build --push -f apps/${app}/Dockerfile ${build} -t REGISTRY/${app}:${version} .`,
    ),
  ];
}

if (process.argv[1] && realpathSync(process.argv[1]) === import.meta.filename) {
  try {
    release(process.cwd(), process.argv.slice(2), console.log);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    console.error(`No release. ${error.message}`);
    process.exitCode = 1;
  }
}
