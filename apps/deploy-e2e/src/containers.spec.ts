import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

import { APPS, exists, prefixOf, read, settingProblem, snakeCase } from './repository-files.js';

const Service = z.looseObject({
  image: z.string().optional(),
  restart: z.literal('unless-stopped'),
  environment: z.record(z.string(), z.string()),
  secrets: z.array(z.string()),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
});
const Compose = z.looseObject({
  services: z.object({ postgres: Service, auth: Service }).catchall(Service),
  secrets: z.record(z.string(), z.strictObject({ file: z.string() })),
});

const compose = Compose.parse(parse(read('docker-compose.yml'), { merge: true }));
const { postgres, ...apps } = compose.services;
/** With at least a minor version: such a tag is moved only for patches. */
const PINNED = /^[a-z./-]+:\d+\.\d+(\.\d+)?-bookworm(-slim)?$/;

const directory = mkdtempSync(join(tmpdir(), 'secrets-'));
afterAll(() => rmSync(directory, { recursive: true }));
const makeSecrets = () =>
  execFileSync(
    'sh',
    [fileURLToPath(new URL('../../../deploy/compose/make-secrets.sh', import.meta.url)), directory],
    {
      encoding: 'utf8',
    },
  );

describe('docker-compose.yml', () => {
  it('has each app', () => {
    expect(Object.keys(apps).sort()).toEqual(APPS);
  });

  it('names settings that exist, and secrets that are files', () => {
    for (const { environment, secrets } of Object.values(apps)) {
      const variables = Object.keys(environment);
      expect(variables.map(settingProblem).filter(Boolean)).toEqual([]);
      const files = variables.filter((name) => name.endsWith('_FILE'));
      expect(files.map((name) => environment[name]?.replace('/run/secrets/', ''))).toEqual(secrets);
    }
    for (const name of [postgres, ...Object.values(apps)].flatMap(({ secrets }) => secrets)) {
      expect(compose.secrets[name]?.file).toBe(`.secrets/${name}`);
    }
  });

  it('mounts files that exist', () => {
    for (const volume of [postgres, ...Object.values(apps)].flatMap(({ volumes }) => volumes)) {
      const [source = ''] = volume.split(':');
      if (source.startsWith('.')) expect(exists(source)).toBe(true);
    }
  });

  it.each(Object.entries(apps))(
    'publishes %s on its port on this machine',
    (app, { environment, ports }) => {
      const port = environment[`${prefixOf(app)}_PORT`];
      expect(port).toMatch(new RegExp(`^\\$\\{${prefixOf(app)}_PORT:-\\d+\\}$`));
      expect(ports).toEqual([`127.0.0.1:${port}:${port}`]);
      expect(environment['ISSUER']).toBe(`http://auth:${apps.auth.environment['AUTH_PORT']}`);
    },
  );

  it('has secrets that the one-off command makes, once, in the forms that are expected', () => {
    makeSecrets();
    const made = readdirSync(directory);
    expect(made.sort()).toEqual(Object.keys(compose.secrets).sort());
    const contents = () => made.map((name) => readFileSync(join(directory, name), 'utf8').trim());
    const first = contents();
    const secret = (name: string) => first[made.indexOf(name)] ?? '';
    expect(Buffer.from(secret('key_encryption_key'), 'base64')).toHaveLength(32);
    for (const app of APPS.map(snakeCase)) {
      expect(secret(`${app}_database_password`)).toMatch(/^[0-9a-f]{64}$/);
      expect(secret(`${app}_database_url`)).toBe(
        `postgres://${app}:${secret(`${app}_database_password`)}@postgres:5432/${app}`,
      );
    }
    expect(new Set(first).size).toBe(first.length);
    expect(statSync(directory).mode & 0o077).toBe(0);
    expect(makeSecrets()).toBe('');
    expect(contents()).toEqual(first);
  });

  it('mounts files that the containers may read, also from a checkout with a strict umask', () => {
    const root = mkdtempSync(join(tmpdir(), 'checkout-'));
    const script = join(root, 'deploy/compose/make-secrets.sh');
    const mounted = Object.values(compose.services)
      .flatMap(({ volumes }) => volumes.map((volume) => volume.split(':')[0] ?? ''))
      .filter((source) => source.startsWith('.'));
    mkdirSync(dirname(script), { recursive: true });
    writeFileSync(script, read('deploy/compose/make-secrets.sh'));
    for (const file of mounted) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), '', { mode: 0o600 });
    }
    try {
      execFileSync('sh', [script], { cwd: root });
      for (const file of mounted) expect(statSync(join(root, file)).mode & 0o777).toBe(0o644);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it('keeps a key that is there already, and only the container can read it', () => {
    chmodSync(directory, 0o755);
    const key = join(directory, 'key_encryption_key');
    rmSync(key);
    writeFileSync(key, 'from before', { mode: 0o600 });
    makeSecrets();
    expect(readFileSync(key, 'utf8')).toBe('from before');
    expect(statSync(key).mode & 0o777).toBe(0o644);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  it('has no half-written secret after a command that was killed', () => {
    rmSync(join(directory, 'postgres_password'));
    writeFileSync(join(directory, 'postgres_password.new'), 'half');
    makeSecrets();
    expect(readFileSync(join(directory, 'postgres_password'), 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
    expect(readdirSync(directory)).not.toContain('postgres_password.new');
  });
});

describe('the images', () => {
  it.each(APPS.map((app) => `apps/${app}/Dockerfile`))('have a pinned base: %s', (file) => {
    const [, base] = /^ARG NODE_IMAGE=(\S+)$/m.exec(read(file)) ?? [];
    expect(base).toMatch(PINNED);
    expect(read(file).match(/^FROM .*/gm)).toEqual([
      'FROM ${NODE_IMAGE} AS build',
      'FROM ${NODE_IMAGE}',
    ]);
    expect(postgres.image).toMatch(PINNED);
  });

  it.each(APPS)('are healthy while %s runs, ready or not', async (app) => {
    const [, json = ''] =
      /^HEALTHCHECK .*\n +CMD (\[.*\])$/m.exec(read(`apps/${app}/Dockerfile`)) ?? [];
    const [, ...args] = JSON.parse(json) as string[];
    let isLive = true;
    const server = createServer(({ url }, response) => {
      response.writeHead(isLive && url === '/health/live' ? 200 : 503).end();
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const port = `${(server.address() as AddressInfo).port}`;
    const isHealthy = (env: NodeJS.ProcessEnv) =>
      new Promise((done) => execFile(process.execPath, args, { env }, (error) => done(!error)));
    try {
      expect(await isHealthy({ [`${prefixOf(app)}_PORT`]: port })).toBe(true);
      expect(await isHealthy({ PORT: port })).toBe(true);
      isLive = false;
      expect(await isHealthy({ PORT: port })).toBe(false);
    } finally {
      server.close();
    }
  });

  it('are built without the secrets of this machine', () => {
    const ignored = read('.dockerignore').split('\n');
    for (const path of ['.env', '.env.*', '.secrets', '.data', '.git'])
      expect(ignored).toContain(path);
  });
});
