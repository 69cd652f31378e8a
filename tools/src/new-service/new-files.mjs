import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { NewServiceError, renamed } from './service-name.mjs';

const TEMPLATE = path.resolve(import.meta.dirname, '../../template/new-service');
const TEMPLATE_NAME = 'service-name';
const TEMPLATE_MIGRATION = '1763900000001';

/** What any service has, and orders has already. Its own domain is replaced by that of the template. */
const OF_ORDERS = {
  app: [
    ...['Dockerfile', 'tsconfig.json', 'tsconfig.lib.json', 'tsconfig.spec.json'],
    ...['vitest.config.ts', 'src/main.ts', 'src/app.module.ts', 'src/app.setup.ts'],
    ...['src/config.ts', 'src/config.spec.ts', 'src/database/orders-database.ts'],
  ],
  e2e: ['tsconfig.json', 'tsconfig.spec.json', 'vitest.config.ts', 'src/orders-service.ts'],
};

/** Where a service differs from orders in more than its name: it has an audience and tables of its own. */
const DIFFERENCES = {
  'src/config.ts': [
    ['...TOKEN_SETTINGS,', "...TOKEN_SETTINGS,\n    ORDERS_AUDIENCE: text().default('orders'),"],
    ['settings.AUDIENCE', 'settings.ORDERS_AUDIENCE'],
  ],
  'src/config.spec.ts': [["audience: 'api'", "audience: 'orders'"]],
  'src/app.setup.ts': [[' Money is in minor units.', '']],
  'src/database/orders-database.ts': [
    [/^import .+\.entity\.js';\n/gm, ''],
    [/^import .+'\.\/migrations\/.+\n/gm, ''],
    [
      /^\n(?=\/\*\*)/m,
      `import { OrdersEntry } from '../orders/orders-entry.entity.js';
import { CreateOrdersEntries${TEMPLATE_MIGRATION} } from './migrations/${TEMPLATE_MIGRATION}-create-orders-entries.js';\n\n`,
    ],
    [/entities: \[[^\]]+\]/, 'entities: [OrdersEntry]'],
    [/migrations: \[[^\]]+\]/, `migrations: [CreateOrdersEntries${TEMPLATE_MIGRATION}]`],
  ],
};

/**
 * The files of a new service and of its tests, by their paths.
 *
 * @param {{ root: string, name: string, port: number, metricsPort: number, now: number }} service
 * @returns {Map<string, string>}
 */
export function newFiles({ root, name, port, metricsPort, now }) {
  const orders = manifestOf(root, 'orders');
  const ports = (text) =>
    text
      .replaceAll(String(orders.devStack.port), String(port))
      .replaceAll('9465', String(metricsPort));
  const dated = (text) => text.replaceAll(TEMPLATE_MIGRATION, String(now));
  const files = new Map();
  for (const [part, folder] of Object.entries({ app: name, e2e: `${name}-e2e` })) {
    const example = part === 'app' ? 'orders' : 'orders-e2e';
    const add = (file, text, from) =>
      files.set(`apps/${folder}/${renamed(file, from, name)}`, renamed(text, from, name));
    const manifest = manifestOf(root, example);
    add('package.json', JSON.stringify(adapted(manifest, port)), 'orders');
    for (const file of OF_ORDERS[part]) {
      const text = readFileSync(path.join(root, 'apps', example, file), 'utf8');
      add(file, dated(ports(withDifferences(file, text))), 'orders');
    }
    for (const file of templateFiles(part)) {
      const text = readFileSync(path.join(TEMPLATE, part, file), 'utf8');
      add(dated(file), dated(text), TEMPLATE_NAME);
    }
  }
  return files;
}

/** @returns the package.json of an app */
export function manifestOf(root, app) {
  return JSON.parse(readFileSync(path.join(root, 'apps', app, 'package.json'), 'utf8'));
}

function adapted(manifest, port) {
  const { devDependencies } = manifest;
  if (manifest.devStack) {
    return { ...manifest, description: 'The orders service', devStack: { port } };
  }
  // What the tests of the template import.
  const used = Object.keys(devDependencies).filter((name) => name.startsWith('@jwt-auth/'));
  return {
    ...manifest,
    devDependencies: Object.fromEntries(used.map((name) => [name, devDependencies[name]])),
  };
}

function withDifferences(file, text) {
  return (DIFFERENCES[file] ?? []).reduce((before, [from, to]) => {
    const changed = before.replace(from, to);
    if (changed !== before) return changed;
    throw new NewServiceError(`apps/orders/${file} has no ${from}: change tools/ with it.`);
  }, text);
}

function templateFiles(part) {
  return readdirSync(path.join(TEMPLATE, part), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      path.relative(path.join(TEMPLATE, part), path.join(entry.parentPath, entry.name)),
    );
}
