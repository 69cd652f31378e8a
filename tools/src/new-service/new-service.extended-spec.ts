import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { DEMO, freePort, until } from '@jwt-auth/dev-stack';
import { freshDatabase, withClient } from '@jwt-auth/dev-stack/vitest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { copyWorkspace, runNode } from './workspace-copy.fixture.js';

const NAME = 'gift-cards';
const APPS = [`apps/${NAME}`, `apps/${NAME}-e2e`];
const { resolve } = createRequire(import.meta.url);
const programOf = (name: string, file: string) =>
  path.join(path.dirname(resolve(`${name}/package.json`)), file);
const NX = resolve('nx/bin/nx.js');
const TSC = programOf('@typescript/native', 'bin/tsc');
const OXLINT = programOf('oxlint', 'bin/oxlint');
const VITEST = programOf('vitest', 'vitest.mjs');
const ROLLDOWN = programOf('rolldown', 'bin/cli.mjs');

let workspace: string;
let launcher: ChildProcess | undefined;

beforeAll(async () => {
  workspace = copyWorkspace();
  await runNode(workspace, 'tools/src/new-service/main.mjs', NAME);
});
afterAll(async () => {
  if (launcher?.exitCode === null) {
    launcher.kill('SIGTERM');
    await once(launcher, 'exit');
  }
  rmSync(workspace, { recursive: true, force: true });
});

const SLOW = { timeout: 300_000 };

it('is a project that `npm start` builds, and that passes lint', SLOW, async () => {
  // What start.mjs builds. The rules of lint about imports need the graph that this leaves.
  const built = ['show', 'projects', '--projects', 'apps/*', '--with-target', 'build'];
  const projects = await runNode(workspace, NX, ...built);
  expect(projects.trim().split('\n').sort()).toEqual(expect.arrayContaining(['auth', NAME]));
  await runNode(workspace, OXLINT, '--config', 'oxlint.config.mjs', '--deny-warnings', ...APPS);
});

it('has types, passes its own tests, and runs beside auth and orders', SLOW, async () => {
  await runNode(workspace, TSC, '-b', ...APPS.map((app) => `${app}/tsconfig.json`));
  const [app, tests] = APPS.map((folder) => path.join(workspace, folder)) as [string, string];
  await runNode(app, ROLLDOWN, '-c', '../../rolldown.config.mjs');
  await runNode(tests, VITEST, 'run', '--project', 'e2e');
  await visit(await startAll());
});

it('passes what checks how the apps are deployed', SLOW, async () => {
  await runNode(path.join(workspace, 'apps/deploy-e2e'), VITEST, 'run', '--project', 'test');
});

it('is migrated with the other apps', SLOW, async () => {
  const url = await freshDatabase();
  const env = {
    PATH: process.env['PATH'],
    DATABASE_URL: await freshDatabase(),
    ORDERS_DATABASE_URL: await freshDatabase(),
    GIFT_CARDS_DATABASE_URL: url,
  };
  const migrate = ['libs/dev-stack/migrate.mjs'];
  await promisify(execFile)(process.execPath, migrate, { cwd: workspace, env });
  const entries = await withClient(url, (client) => client.query('SELECT FROM gift_cards_entries'));
  expect(entries.rowCount).toBe(0);
});

/**
 * Starts the stack as `npm start` does after its build. Auth is the one that is built here, so it
 * reads the access model as in a container. @returns the addresses
 */
async function startAll(): Promise<{ auth: string; service: string }> {
  const [auth, orders, service] = [await freePort(), await freePort(), await freePort()];
  const main = path.join(workspace, 'libs/dev-stack/dist/main.js');
  launcher = spawn(process.execPath, ['--eval', `import('${main}').then(({ main }) => main())`], {
    cwd: workspace,
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: await freshDatabase(),
      ACCESS_MODEL: path.join(workspace, 'deploy/kubernetes/base/access-model.yaml'),
      AUTH_PORT: String(auth),
      ORDERS_PORT: String(orders),
      GIFT_CARDS_PORT: String(service),
    },
  });
  let output = '';
  for (const stream of [launcher.stdout, launcher.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const said = () => /Ready after/.test(output) || (launcher?.exitCode ?? undefined);
  const answer = await until(said, { withinMs: 90_000 });
  if (answer !== true) throw new Error(`It did not start:\n${output}`);
  expect(output).toMatch(new RegExp(`^ {2}${NAME}  http://localhost:${service}`, 'm'));
  return { auth: `http://127.0.0.1:${auth}`, service: `http://127.0.0.1:${service}/${NAME}` };
}

/** Logs in for the service, is accepted, logs out, is refused. */
async function visit({ auth, service }: { auth: string; service: string }): Promise<void> {
  const post = (url: string, body: object, headers = {}) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const login = await post(`${auth}/auth/login`, { ...DEMO.ada, resource: NAME });
  const tokens = (await login.json()) as Record<'access_token' | 'refresh_token' | 'scope', string>;
  expect(tokens.scope).toBe(`${NAME}:read ${NAME}:write`);
  const authorization = `Bearer ${tokens.access_token}`;
  const add = async () => (await post(service, { title: 'first' }, { authorization })).status;
  expect(await add()).toBe(201);
  // Auth takes no token that is for another resource: the refresh token ends the session.
  const ended = await fetch(`${auth}/oauth/revoke`, {
    method: 'POST',
    body: new URLSearchParams({ token: tokens.refresh_token, client_id: 'web' }),
  });
  expect(ended.status).toBe(200);
  await expect.poll(add, { timeout: 10_000, interval: 25 }).toBe(401);
}
