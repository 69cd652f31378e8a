// The files that a release changes: each that shows the version, and the changelogs.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const UNRELEASED = '## [Unreleased]\n';

/** Why there can be no release. */
export class Refusal extends Error {}

/**
 * Each file that shows the version, with its text before and after.
 * @throws Refusal if one shows another version than package.json, or none
 */
export function edits(root, after, today) {
  const before = presentVersion(root);
  return [
    ...['package.json', ...manifests(root)].map((file) =>
      edit(root, file, (text) => withVersion(file, text, before, after)),
    ),
    edit(root, 'package-lock.json', (text) => lockWithVersion(text, before, after)),
    ...imaged(root).map((app) =>
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
      edit(root, file, (text) => released(text, after, today)),
    ),
  ];
}

export const presentVersion = (root) => JSON.parse(read(root, 'package.json')).version;

/** The package.json of each workspace. */
function manifests(root) {
  return JSON.parse(read(root, 'package.json'))
    .workspaces.flatMap((workspace) =>
      workspace.endsWith('/*') ? foldersIn(root, workspace.slice(0, -2)) : [workspace],
    )
    .map((folder) => `${folder}/package.json`);
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

/** What was unreleased becomes the section of the version. A section that it has already gets the date. */
function released(text, version, today) {
  const heading = `## [${version}] - ${today}`;
  const own = sectionOf(text, version);
  if (own !== undefined) return text.replace(own, own.replace(/.*/, heading));
  return hasUnreleased(text) ? text.replace(UNRELEASED, `${UNRELEASED}\n${heading}\n`) : text;
}

/** Of a changelog, with its heading. `undefined`: there is none. */
function sectionOf(text, title) {
  return text.split(/^(?=## )/m).find((section) => section.startsWith(`## [${title}]`));
}

function hasUnreleased(text) {
  return (sectionOf(text, 'Unreleased') ?? '').slice(UNRELEASED.length).trim() !== '';
}

/** Why a changelog does not describe the release. */
export function changelogProblem(root, version) {
  const text = read(root, 'CHANGELOG.md');
  const hasOwn = sectionOf(text, version) !== undefined;
  if (hasOwn && hasUnreleased(text)) {
    return `CHANGELOG.md has changes under [Unreleased] that belong under [${version}]`;
  }
  if (hasOwn || hasUnreleased(text)) return undefined;
  return 'CHANGELOG.md says nothing of this release under [Unreleased]';
}

/** The name of each app that has an image. */
export function imaged(root) {
  const apps = readdirSync(path.join(root, 'apps')).sort();
  return apps.filter((app) => existsSync(path.join(root, 'apps', app, 'Dockerfile')));
}

/** The folder of each library that npm publishes. */
export function published(root) {
  return manifests(root)
    .filter((file) => JSON.parse(read(root, file)).publishConfig)
    .map((file) => path.dirname(file));
}
