import { rm } from 'node:fs/promises';
import { authSettings, DEMO, freePort, type RunningApp, startApp } from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { emptyDirectory, packLibrary, run } from './packed.js';
import {
  compile,
  endAll,
  installProject,
  type Project,
  RegistryUnreachableError,
  serve,
} from './projects.js';

const soon = { timeout: 30_000, interval: 25 };

let directory: string;
let auth: RunningApp;
let nest12: string;
let nest11: string;
let express: string;
let unreachable: RegistryUnreachableError | undefined;

beforeAll(async () => {
  directory = await emptyDirectory();
  const { tarball } = await packLibrary(directory);
  const install = (project: Project) => installProject(project, directory, tarball);
  const installing = Promise.allSettled((['nest-12', 'nest-11', 'express'] as const).map(install));
  auth = await startAuth();
  const reasons: unknown[] = [];
  [nest12, nest11, express] = (await installing).map((installed) => {
    if (installed.status === 'fulfilled') return installed.value;
    reasons.push(installed.reason);
    return '';
  }) as [string, string, string];
  const wrong = reasons.find((reason) => !(reason instanceof RegistryUnreachableError));
  if (wrong) throw wrong as Error;
  [unreachable] = reasons as RegistryUnreachableError[];
  if (unreachable) process.stderr.write(`\n!!! SKIPPED: no npm registry. ${unreachable.message}\n`);
}, 150_000);

// Nothing is said about the package then: neither that it is right, nor that it is wrong.
beforeEach(({ skip }) => skip(unreachable !== undefined, 'the npm registry cannot be reached'));

afterAll(async () => {
  await endAll();
  await auth?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function startAuth(): Promise<RunningApp> {
  const port = await freePort();
  return startApp('auth', {
    port,
    env: authSettings({ ISSUER: `http://127.0.0.1:${port}`, DATABASE_URL: await freshDatabase() }),
  });
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function login(): Promise<string> {
  const response = await fetch(`${auth.url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(DEMO.ada),
  });
  const { access_token: token } = (await response.json()) as { access_token: string };
  return token;
}

async function ask(url: string, token: string) {
  const response = await fetch(url, { headers: bearer(token) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** Logs in, is accepted by a service, logs out, is refused by it. */
async function visit(service: string): Promise<void> {
  const url = `${service}/me`;
  const token = await login();
  await expect
    .poll(() => ask(url, token), soon)
    .toMatchObject({ status: 200, body: { subject: expect.any(String) as string } });
  await fetch(`${auth.url}/auth/logout`, { method: 'POST', headers: bearer(token) });
  const revoked = { status: 401, body: { status: 401, code: 'token_revoked' } };
  await expect.poll(() => ask(url, token), soon).toMatchObject(revoked);
  expect(await ask(url, `${token}x`)).toMatchObject({ body: { code: 'token_invalid' } });
}

describe('Nest 12, as ESM', () => {
  it('has types for nodenext, and compiles', async () => {
    await compile(nest12);
  });

  it('has types for a bundler', async () => {
    await compile(nest12, '--noEmit', '--module', 'esnext', '--moduleResolution', 'bundler');
  });

  it.each(['fastify', 'express'])('refuses on %s a user who has logged out', async (adapter) => {
    await visit(await serve(nest12, `dist/${adapter}.js`, { ISSUER: auth.url }));
  });

  it('has a test kit for node:test', async () => {
    const env = { ISSUER: auth.url };
    await run(process.execPath, ['--test', 'dist/app.test.js'], nest12, { env });
  });

  it('loads every entry but that of passport, which is not installed', async () => {
    await run(process.execPath, ['dist/entries.js'], nest12);
  });
});

describe('Nest 11, as CommonJS', () => {
  it('has types for commonjs, and compiles', async () => {
    await compile(nest11);
  });

  it('has types for node16', async () => {
    await compile(nest11, '--noEmit', '--module', 'node16');
  });

  it('refuses a user who has logged out, and has a test kit for Jest', async () => {
    const jest = ['node_modules/jest/bin/jest.js', '--ci', '--runInBand'];
    await run(process.execPath, jest, nest11, {
      env: { ISSUER: auth.url, PASSWORD: DEMO.password },
    });
  });
});

describe('Express without Nest', () => {
  it('refuses a user who has logged out', async () => {
    await visit(await serve(express, 'main.js', { ISSUER: auth.url }));
  });

  it('refuses all attacks of the command of the package', async () => {
    const port = String(await freePort());
    const service = await serve(express, 'main.js', { ISSUER: `http://127.0.0.1:${port}` });
    const attack = ['node_modules/.bin/jwt-core', 'attack', `${service}/me`, '--port', port];
    const output = await run(process.execPath, attack, express);
    expect(output).toMatch(/: 3\d\d attacks, 0 findings\n$/);
  });
});
