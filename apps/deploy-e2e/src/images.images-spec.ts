import { freePort, startPostgres, type PostgresServer } from '@jwt-auth/dev-stack';
import { execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ContainerEngine } from './container-engine.js';
import { read } from './repository-files.js';

const { engine: found, why } = ContainerEngine.find();
if (!found) {
  process.stderr.write(
    `\n!!! THE IMAGES ARE NOT TESTED: neither Docker nor Podman works here.\n!!! ${why}\n\n`,
  );
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const ACCESS_MODEL = join(ROOT, 'deploy/kubernetes/base/access-model.yaml');
const COMMIT = 'c0ffee1';
const { version } = JSON.parse(read('package.json')) as { version: string };
const PASSWORD = 'a long password of an administrator';
const BUILD_MS = 1_800_000;
const run = randomUUID().slice(0, 8);
const image = (app: string) => `jwt-auth-test/${app}:${run}`;
const container = (app: string) => `jwt-auth-test-${app}-${run}`;

interface Image {
  readonly Config: { readonly Labels: Record<string, string>; readonly User: string };
}

/** The files of the repository as a checkout with a strict umask has them: only its owner may read. */
function strictCheckout(folder: string): void {
  const options = ['--cached', '--others', '--exclude-standard', '-z'];
  const listed = execFileSync('git', ['ls-files', ...options], { cwd: ROOT, encoding: 'utf8' });
  for (const path of listed.split('\0').filter((name) => name && existsSync(join(ROOT, name)))) {
    const copy = join(folder, path);
    mkdirSync(dirname(copy), { recursive: true, mode: 0o700 });
    cpSync(join(ROOT, path), copy);
    chmodSync(copy, statSync(copy).mode & 0o700);
  }
}

/** A database of a role that owns nothing else and is no superuser, as docker-compose.yml makes it. */
async function databaseOfItsOwn(postgres: PostgresServer, role: string): Promise<string> {
  const url = new URL(await postgres.createDatabase(role));
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  await client.query(`CREATE ROLE "${role}" LOGIN PASSWORD '${role}' NOSUPERUSER NOCREATEDB`);
  await client.query(`ALTER DATABASE "${url.pathname.slice(1)}" OWNER TO "${role}"`);
  await client.end();
  url.username = url.password = role;
  return url.href;
}

describe.skipIf(!found)('the images', () => {
  const engine = found as ContainerEngine;
  let checkout: string;
  let secrets: string;
  const ports: Record<string, number> = {};
  let postgres: PostgresServer;
  const urlOf = (app: string) => `http://127.0.0.1:${ports[app]}`;

  beforeAll(async () => {
    const options = (process.env['IMAGES_BUILD_OPTIONS'] ?? '').split(' ').filter(Boolean);
    checkout = mkdtempSync(join(tmpdir(), 'images-checkout-'));
    secrets = mkdtempSync(join(tmpdir(), 'images-'));
    strictCheckout(checkout);
    for (const app of ['auth', 'orders']) {
      const args = ['--build-arg', `COMMIT=${COMMIT}`, '-t', image(app), ...options];
      await engine.build(['-f', join(checkout, `apps/${app}/Dockerfile`), ...args, checkout]);
    }
    postgres = await startPostgres();
    ports['auth'] = await freePort();
    ports['orders'] = await freePort();
    const values = {
      auth_database_url: await databaseOfItsOwn(postgres, 'auth'),
      orders_database_url: await databaseOfItsOwn(postgres, 'orders'),
      key_encryption_key: randomBytes(32).toString('base64'),
    };
    chmodSync(secrets, 0o755);
    for (const [name, value] of Object.entries(values)) {
      writeFileSync(join(secrets, name), `${value}\n`);
    }
  }, BUILD_MS);

  afterAll(async () => {
    for (const app of ['auth', 'orders']) {
      await engine.try(['rm', '--force', container(app)]);
      await engine.try(['rmi', '--force', image(app)]);
    }
    await postgres?.stop();
    for (const folder of [checkout, secrets]) rmSync(folder, { recursive: true });
  });

  /** As strict as an orchestrator may be: any user, nothing to write to, no capabilities, little memory. */
  const start = (app: string, settings: Record<string, string>) =>
    engine.run([
      ...['run', '--detach', '--name', container(app), '--network', 'host', '--read-only'],
      ...['--user', '1234567:0', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
      ...['--memory', '256m', '--volume', `${secrets}:/run/secrets:ro`],
      ...['--volume', `${ACCESS_MODEL}:/etc/auth/access-model.yaml:ro`],
      ...Object.entries(settings).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
      image(app),
    ]);

  const ready = async (app: string) => {
    const status = async () => {
      const answer = await fetch(`${urlOf(app)}/health/ready`).catch(() => undefined);
      if (answer) return answer.status;
      const { stdout, stderr } = await engine.try(['logs', container(app)]);
      return stdout + stderr;
    };
    await expect.poll(status, { timeout: 60_000, interval: 200 }).toBe(200);
  };

  it.each(['auth', 'orders'])('say what they are, and run as no root: %s', async (app) => {
    const { Config } = await engine.inspect<Image>(image(app));
    expect(Config.Labels).toMatchObject({
      'org.opencontainers.image.title': app,
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.revision': COMMIT,
      'org.opencontainers.image.licenses': 'MIT',
    });
    expect(Config.User).toBe('node');
    // Nothing of the repository but the program.
    const files = await engine.run(['run', '--rm', image(app), 'ls', '-A', '/app']);
    const expected = ['dist', 'node_modules', 'package.json'];
    expect(files.split('\n').filter((name) => !/[.]mjs$|^mail-templates$/.test(name))).toEqual(
      expected,
    );
  });

  it('run with secrets from files, on the port of the setting, and serve a whole order', async () => {
    const issuer = { ISSUER: urlOf('auth'), ALLOW_HTTP_ISSUER: 'true', HOST: '127.0.0.1' };
    await start('auth', {
      ...issuer,
      AUTH_PORT: `${ports['auth']}`,
      DATABASE_URL_FILE: '/run/secrets/auth_database_url',
      KEY_ENCRYPTION_KEY_FILE: '/run/secrets/key_encryption_key',
      ACCESS_MODEL: '/etc/auth/access-model.yaml',
    });
    await start('orders', {
      ...issuer,
      // What most platforms set.
      PORT: `${ports['orders']}`,
      ORDERS_DATABASE_URL_FILE: '/run/secrets/orders_database_url',
    });
    for (const app of ['auth', 'orders']) {
      await ready(app);
      const build = await (await fetch(`${urlOf(app)}/version`)).json();
      expect(build).toMatchObject({ commit: COMMIT });
      // The health check of the image, as the engine runs it: Podman has it elsewhere in an image.
      type Container = { Config: { Healthcheck: { Test: string[] } } };
      const { Config } = await engine.inspect<Container>(container(app));
      const [, ...command] = Config.Healthcheck.Test;
      await engine.run(['exec', container(app), ...command]);
    }
    const create = ['exec', '--interactive', container('auth'), 'node', 'admin.mjs'];
    const email = 'you@example.com';
    await engine.run([...create, 'create-admin', email], `${PASSWORD}\n`);

    const post = async (url: string, body: object, token?: string) =>
      (
        await fetch(url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...(token && { authorization: `Bearer ${token}` }),
          },
          body: JSON.stringify(body),
        })
      ).json() as Promise<Record<string, unknown>>;
    const credentials = { email, password: PASSWORD };
    const { access_token: token } = await post(`${urlOf('auth')}/auth/login`, credentials);
    const items = [{ sku: 'tea', quantity: 2, unitPrice: 450 }];
    const order = { currency: 'EUR', items };
    expect(await post(`${urlOf('orders')}/orders`, order, String(token))).toMatchObject({
      status: 'open',
      total: 900,
    });
  }, 180_000);

  it.each(['orders', 'auth'])('end with 0 when they are stopped: %s', async (app) => {
    await engine.run(['stop', '--time', '20', container(app)]);
    const { State } = await engine.inspect<{ State: { ExitCode: number } }>(container(app));
    expect(State.ExitCode).toBe(0);
  });
});
