import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { freePort, type RunningApp, startApp } from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyDirectory, packLibrary, run } from './packed.js';
import { compile, endAll, installProject, serve } from './projects.js';

const PASSWORD = 'correct horse battery staple';
const soon = { timeout: 30_000, interval: 25 };

let directory: string;
let auth: RunningApp;
let nest12: string;
let nest11: string;
let express: string;

beforeAll(async () => {
  directory = await emptyDirectory();
  const { tarball } = await packLibrary(directory);
  [auth, nest12, nest11, express] = await Promise.all([
    startAuth(),
    installProject('nest-12', directory, tarball),
    installProject('nest-11', directory, tarball),
    installProject('express', directory, tarball),
  ]);
}, 240_000);

afterAll(async () => {
  await endAll();
  await auth?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function startAuth(): Promise<RunningApp> {
  const port = await freePort();
  return startApp('auth', {
    port,
    env: {
      ISSUER: `http://127.0.0.1:${port}`,
      DATABASE_URL: await freshDatabase(),
      KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      DEMO_PASSWORD: PASSWORD,
    },
  });
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function login(): Promise<string> {
  const response = await fetch(`${auth.url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'ada@example.com', password: PASSWORD }),
  });
  const { access_token: token } = (await response.json()) as { access_token: string };
  return token;
}

async function ask(url: string, token: string) {
  const response = await fetch(url, { headers: bearer(token) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** Logs in, is let in by a service, logs out, is refused by it. */
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

  it.each(['fastify', 'express'])('refuses on %s who has logged out', async (adapter) => {
    await visit(await serve(nest12, `dist/${adapter}.js`, { ISSUER: auth.url }));
  });

  it('lets in with node:test whom a test names', async () => {
    await run(process.execPath, ['--test', 'dist/app.test.js'], nest12, { ISSUER: auth.url });
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

  it('refuses with Jest who has logged out, and lets in whom a test names', async () => {
    const jest = ['node_modules/jest/bin/jest.js', '--ci', '--runInBand'];
    await run(process.execPath, jest, nest11, { ISSUER: auth.url, PASSWORD });
  });
});

it('Express without Nest refuses who has logged out', async () => {
  await visit(await serve(express, 'main.js', { ISSUER: auth.url }));
});
