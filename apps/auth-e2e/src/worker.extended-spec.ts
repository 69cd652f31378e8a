import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { call, freePort, DEMO } from '@jwt-auth/dev-stack';
import { beforeAll, describe, expect, it } from 'vitest';
import { login } from './users.js';
import { Stack } from './stack.js';

const main = path.resolve(import.meta.dirname, '../../../examples/worker/dist/main.js');

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.shared();
});

/** Runs the worker to its end, with no setting but these. */
function runWorker(settings: Record<string, string | undefined>) {
  const env = { PATH: process.env['PATH'], ISSUER: stack.auth(), ORDERS_URL: stack.orders };
  return new Promise<{ code: unknown; out: string; err: string }>((resolve) => {
    const options = { env: { ...env, ...settings }, timeout: 30_000 };
    execFile(process.execPath, [main], options, (error, out, err) =>
      resolve({ code: error ? error.code : 0, out, err }),
    );
  });
}

async function admin(): Promise<string> {
  return (await login(stack.auth(), DEMO.admin.email, DEMO.password)).access_token;
}

describe('the example worker', () => {
  it('is built and run by the command that the README names', async () => {
    const root = path.resolve(import.meta.dirname, '../../..');
    const { PATH, HOME } = process.env;
    const env = { PATH, HOME, ISSUER: stack.auth(), ORDERS_URL: stack.orders };
    const { stdout } = await promisify(execFile)('npm', ['run', 'example:worker'], {
      cwd: root,
      env,
    });
    expect(stdout).toContain('orders lists 3 of mine');
  });

  it('places orders with one token, and is refused at once when its client is deleted', async () => {
    const { code, out, err } = await runWorker({});
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out.match(/order [\da-f-]{36} for (?:tea|milk|sugar), in \d+ ms/g)).toHaveLength(3);
    expect(out).toContain('orders lists 3 of mine');
    expect(out).toMatch(/orders answers call \d+ with 401 token_revoked, \d+ ms after that/);
    expect(out).toMatch(/no other token: .*invalid_client/);
  });

  it('works as the client with the given credentials, and does not change it', async () => {
    const token = await admin();
    const { body: made } = await call(`${stack.auth()}/admin/clients`, {
      token,
      body: {
        name: 'given',
        grants: ['client_credentials'],
        scopes: ['orders:read', 'orders:write'],
      },
    });
    const credentials = { CLIENT_ID: String(made['id']), CLIENT_SECRET: String(made['secret']) };
    const { code, out, err } = await runWorker(credentials);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('orders lists 3 of mine');
    expect(out + err).not.toContain(credentials.CLIENT_SECRET);
    expect((await runWorker(credentials)).out).toContain('orders lists 6 of mine');
  });

  it('removes its client also when it cannot place its orders', async () => {
    const clients = async () =>
      (await call(`${stack.auth()}/admin/clients`, { token: await admin() })).body;
    const before = await clients();
    const { code } = await runWorker({ ORDERS_URL: `http://127.0.0.1:${await freePort()}` });
    expect(code).toBe(1);
    expect(await clients()).toEqual(before);
  });

  it('says in a line what is wrong, and ends', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`;
    const wrong = { CLIENT_ID: 'billing', CLIENT_SECRET: 'hush-hush' };
    const failures = [
      [{ ISSUER: nobody }, `Nothing answers at ${nobody}. Does`],
      [{ ORDERS_URL: nobody }, `Nothing answers at ${nobody}. Does`],
      [
        { ISSUER: nobody, ...wrong },
        `${nobody}/.well-known/oauth-authorization-server: ECONNREFUSED`,
      ],
      [wrong, 'status 401, invalid_client'],
      [{ CLIENT_ID: 'billing' }, 'Set both CLIENT_ID and CLIENT_SECRET, or neither.'],
      [{ ISSUER: 'https://auth.example.com' }, 'is not on this machine: set CLIENT_ID'],
      [{ DEMO_PASSWORD: 'wrong' }, 'There is no demo administrator'],
    ] as const;
    for (const [settings, line] of failures) {
      const { code, err } = await runWorker(settings);
      expect(err).toContain(line);
      expect(err.trim().split('\n')).toHaveLength(1);
      expect(err).not.toContain('hush');
      expect(code).toBe(1);
    }
  });
});
