import { createHash } from 'node:crypto';
import { parseDocument } from 'yaml';
import { NewServiceError, renamed } from './service-name.mjs';

/** They make what the containers of `docker-compose.yml` need, for each app. */
const COMPOSE_SCRIPTS = ['deploy/compose/make-databases.sh', 'deploy/compose/make-secrets.sh'];
const ACCESS_MODELS = [
  'deploy/kubernetes/base/access-model.yaml',
  'apps/auth/src/access/development.json',
];

/**
 * The files of the workspace that know every service, as they are with one more.
 *
 * @param {{ name: string, port: number, metricsPort: number }} service
 * @param {(file: string) => string} read
 * @param {ReadonlyMap<string, string>} files those of the service
 * @returns {Map<string, string>}
 */
export function changedFiles(service, read, files) {
  return new Map([
    ...ACCESS_MODELS.map((file) => [file, withResource(read(file), service, file)]),
    ['docker-compose.yml', withContainer(read('docker-compose.yml'), service)],
    ...COMPOSE_SCRIPTS.map((file) => [file, withApp(read(file), service, file)]),
    ['.env.example', withSettings(read('.env.example'), service)],
    ['package-lock.json', withPackages(read('package-lock.json'), files)],
    ['migrations.lock', withMigrations(read('migrations.lock'), files)],
  ]);
}

/** What exists of these kinds by name. */
export function namesIn(read) {
  const resources = ACCESS_MODELS.flatMap((file) => parsed(read(file), file).toJS().resources);
  const containers = Object.keys(parsed(read('docker-compose.yml')).toJS().services);
  return [...containers, ...resources.map(({ audience }) => audience ?? '')];
}

/** Its own resource, so that a token for it is of no use elsewhere. Every user may have one. */
function withResource(text, { name }, file) {
  const scopes = [
    { name: `${name}:read`, description: 'Read entries' },
    { name: `${name}:write`, description: 'Add entries' },
  ];
  const document = parsed(text, file);
  const index = (document.toJS().roles ?? []).findIndex((role) => role.name === 'user');
  if (index < 0) throw new NewServiceError(`${file} has no role user.`);
  const resource = document.createNode({ audience: name, scopes });
  for (const scope of resource.get('scopes').items) scope.flow = true;
  document.addIn(['resources'], resource);
  for (const scope of scopes) document.addIn(['roles', index, 'scopes'], scope.name);
  if (file.endsWith('.json')) return JSON.stringify(document.toJS());
  return document.toString({ lineWidth: 100 });
}

function withContainer(text, service) {
  const [block] = /^ {2}orders:\n(?: {4}.*\n)+/m.exec(text) ?? [];
  if (!block) throw new NewServiceError('docker-compose.yml has no service orders.');
  const secrets = ['orders_database_password', 'orders_database_url'].map((secret) =>
    renamed(secret, 'orders', service.name),
  );
  const files = secrets.map((name) => `  ${name}:\n    file: .secrets/${name}\n`);
  return text
    .replace(/\nsecrets:\n/, (start) => `\n${ofService(block, service)}${start}`)
    .replace(/^ {2}key_encryption_key:\n/m, (key) => files.join('') + key)
    .replace(/^ {6}- orders_database_password\n/m, (last) => `${last}      - ${secrets[0]}\n`);
}

function withApp(text, { name }, file) {
  const [loop] = /^for app in .* orders\b.*(?=; do$)/m.exec(text) ?? [];
  if (!loop) throw new NewServiceError(`${file} has no loop over the apps.`);
  return text.replace(loop, `${loop} ${name.replaceAll('-', '_')}`);
}

function withSettings(text, service) {
  const constant = renamed('ORDERS', 'orders', service.name);
  const additions = {
    '# ORDERS_PORT=': [`# ${constant}_PORT=${service.port}`],
    '# ORDERS_METRICS_PORT=': [`# ${constant}_METRICS_PORT=${service.metricsPort}`],
    '# ORDERS_DATABASE_URL=': [
      `# Postgres of ${service.name}, in the same way.`,
      `# ${constant}_DATABASE_URL=postgres://app:secret@localhost:5432/${service.name}`,
    ],
    '# AUDIENCE=': [
      `# The audience of ${service.name}, which has a resource of its own.`,
      `# ${constant}_AUDIENCE=${service.name}`,
    ],
  };
  const lines = text.split('\n');
  for (const [start, added] of Object.entries(additions)) {
    const at = lines.findIndex((line) => line.startsWith(start));
    if (at < 0) throw new NewServiceError(`.env.example has no "${start}".`);
    lines.splice(at + 1, 0, ...added);
  }
  return lines.join('\n');
}

/** As `npm install` would write them: no version of a package changes, so that nothing is fetched. */
function withPackages(text, files) {
  const lock = JSON.parse(text);
  const manifests = [...files].filter(([file]) => file.endsWith('/package.json'));
  for (const [file, content] of manifests) {
    const folder = file.replace('/package.json', '');
    const { name, version, license, dependencies, devDependencies } = JSON.parse(content);
    lock.packages[folder] = { name, version, license, dependencies, devDependencies };
    lock.packages[`node_modules/${name}`] = { resolved: folder, link: true };
  }
  const byName = ([one], [other]) => one.localeCompare(other, 'en');
  const sorted = Object.fromEntries(Object.entries(lock.packages).sort(byName));
  return `${JSON.stringify({ ...lock, packages: sorted }, undefined, 2)}\n`;
}

function withMigrations(text, files) {
  const migrations = [...files].filter(([file]) => file.includes('/migrations/'));
  const lines = migrations.map(([file, content]) => {
    const hash = createHash('sha256').update(content).digest('hex');
    return `${hash}  ${file}\n`;
  });
  return text + lines.join('');
}

function ofService(text, { name, port, metricsPort }) {
  return renamed(text, 'orders', name)
    .replaceAll('3001', String(port))
    .replaceAll('9465', String(metricsPort));
}

function parsed(text, file) {
  const document = parseDocument(text);
  if (document.errors.length === 0) return document;
  throw new NewServiceError(`${file} cannot be read: ${document.errors[0].message}`);
}
