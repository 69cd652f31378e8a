// Makes a release of everything under one version:
//   npm run release -- 0.2.0 --dry-run   says what it would change and publish, and changes nothing
//   npm run release -- 0.2.0             changes, commits and tags it; then says how to publish
// It refuses a version that is not newer, a tree with changes, a changelog without changes, and, unless
// it is a dry run, a repository whose check fails.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const VERSION = /^(\d+)\.(\d+)\.(\d+)$/;
const UNRELEASED = '## [Unreleased]\n';

class Refusal extends Error {}

/** Whether version `one` comes after `other`. */
function isNewer(one, other) {
  const [a, b] = [one, other].map((version) => VERSION.exec(version).slice(1).map(Number));
  const differs = a.findIndex((part, index) => part !== b[index]);
  return differs !== -1 && a[differs] > b[differs];
}

/** Each file that shows the version, with its text before and after. */
function edits(root, before, after, today) {
  const manifests = [
    'package.json',
    ...JSON.parse(read(root, 'package.json')).workspaces.flatMap((workspace) =>
      workspace.endsWith('/*') ? foldersIn(root, workspace.slice(0, -2)) : [workspace],
    ),
  ].map((name) => (name.endsWith('.json') ? name : `${name}/package.json`));
  return [
    ...manifests.map((file) => edit(root, file, (text) => withVersion(file, text, before, after))),
    edit(root, 'package-lock.json', (text) => lockWithVersion(text, before, after)),
    ...['auth', 'orders'].map((app) =>
      replaced(root, `apps/${app}/Dockerfile`, `ARG VERSION=${before}`, `ARG VERSION=${after}`),
    ),
    replaced(
      root,
      'deploy/kubernetes/overlays/production/kustomization.yaml',
      `newTag: ${before}`,
      `newTag: ${after}`,
    ),
    replaced(
      root,
      'deploy/kubernetes/migrate/kustomization.yaml',
      `nameSuffix: ${suffixOf(before)} `,
      `nameSuffix: ${suffixOf(after)} `,
    ),
    ...['CHANGELOG.md', 'libs/jwt-core/CHANGELOG.md'].map((file) =>
      edit(root, file, (text) => released(file, text, after, today)),
    ),
  ];
}

/** Of the migrate Jobs of a release. */
const suffixOf = (version) => `-${version.replaceAll('.', '-')}`;

const read = (root, file) => readFileSync(path.join(root, file), 'utf8');

function foldersIn(root, folder) {
  return readdirSync(path.join(root, folder))
    .map((name) => `${folder}/${name}`)
    .filter((each) => existsSync(path.join(root, each, 'package.json')))
    .sort();
}

function edit(root, file, change) {
  const text = read(root, file);
  return { file, text, changed: change(text) };
}

function replaced(root, file, from, to) {
  return edit(root, file, (text) => {
    if (!text.includes(from)) throw new Refusal(`${file} has no "${from}"`);
    return text.replaceAll(from, to);
  });
}

function withVersion(file, text, before, after) {
  const { version } = JSON.parse(text);
  if (version !== before) throw new Refusal(`${file} has the version ${version}, not ${before}`);
  return text.replace(`"version": "${before}"`, `"version": "${after}"`);
}

function lockWithVersion(text, before, after) {
  const lock = JSON.parse(text);
  lock.version = after;
  for (const [name, entry] of Object.entries(lock.packages)) {
    if (name.includes('node_modules') || entry.version === undefined) continue;
    if (entry.version !== before) {
      throw new Refusal(`package-lock.json has ${name || 'the root'} at ${entry.version}`);
    }
    entry.version = after;
  }
  return `${JSON.stringify(lock, null, 2)}\n`;
}

/** What was unreleased becomes the section of the version. */
function released(file, text, version, today) {
  const start = text.indexOf(UNRELEASED);
  if (start === -1) {
    if (file === 'CHANGELOG.md') throw new Refusal(`${file} has no section [Unreleased]`);
    return text;
  }
  const rest = text.slice(start + UNRELEASED.length);
  const section = rest.split('\n## ', 1)[0];
  if (file === 'CHANGELOG.md' && section.trim() === '') {
    throw new Refusal(`${file} says nothing of this release under [Unreleased]`);
  }
  if (section.trim() === '') return text;
  return `${text.slice(0, start)}${UNRELEASED}\n## [${version}] - ${today}\n${rest}`;
}

/** What npm would publish: packed from what was built, and not kept. */
function packed(root) {
  const folder = path.join(root, 'libs/jwt-core');
  if (!existsSync(path.join(folder, 'dist/esm/index.js'))) {
    throw new Refusal('libs/jwt-core is not built: run npm run build first');
  }
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ name, files, size }] = JSON.parse(output);
  return `${name}: ${files.length} files, ${Math.round(size / 1024)} kB packed`;
}

function release(root, args, say) {
  const isDry = args.includes('--dry-run');
  const [version, ...others] = args.filter((arg) => arg !== '--dry-run');
  if (!VERSION.test(version ?? '') || others.length > 0) {
    throw new Refusal('Which version? npm run release -- 0.2.0 --dry-run');
  }
  const git = (...of) => execFileSync('git', of, { cwd: root, encoding: 'utf8' }).trim();
  const before = JSON.parse(read(root, 'package.json')).version;
  if (!isNewer(version, before)) throw new Refusal(`${version} is not newer than ${before}`);
  if (git('tag', '--list', `v${version}`)) throw new Refusal(`There is a tag v${version} already`);
  const changes = git('status', '--porcelain');
  if (changes && !isDry) throw new Refusal(`There are changes that are not committed:\n${changes}`);

  const today = new Date().toISOString().slice(0, 10);
  const all = edits(root, before, version, today);
  for (const { file, text, changed } of all) {
    if (text !== changed) say(`${isDry ? 'would change' : 'changes'} ${file}`);
  }
  if (isDry) {
    say(`would run .ci/run and .ci/record-schema.mjs ${version}`);
    say(`would commit "chore: release ${version}" and tag v${version}`);
    say(`would publish ${packed(root)}`);
    say(`would publish the images auth:${version} and orders:${version}`);
    return;
  }
  for (const { file, changed } of all) writeFileSync(path.join(root, file), changed);
  execFileSync('.ci/run', { cwd: root, stdio: 'inherit' });
  // The schema of this release, which the one after it has to run beside.
  execFileSync('node', ['.ci/record-schema.mjs', version], { cwd: root, stdio: 'inherit' });
  git('add', '--all');
  git('commit', '--message', `chore: release ${version}`);
  git('tag', '--annotate', `v${version}`, '--message', `Release ${version}`);
  say(`Committed and tagged v${version}, with ${packed(root)}. To publish:`);
  say('  git push --follow-tags');
  say('  npm publish --workspace @jwt-auth/jwt-core --access public');
  for (const app of ['auth', 'orders']) {
    const args = `--build-arg VERSION=${version} --build-arg COMMIT=$(git rev-parse HEAD)`;
    say(`  docker build --push -f apps/${app}/Dockerfile ${args} -t REGISTRY/${app}:${version} .`);
  }
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
