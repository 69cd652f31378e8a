import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { freePort } from '@jwt-auth/dev-stack';
import { PostgresRevocationSource, REVOKED_TOKENS_MIGRATIONS } from '@jwt-auth/jwt-core/postgres';
import { Logger } from '@nestjs/common';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';

import { databaseOptions } from './database-options.js';
import { openDatabase } from './open-database.js';
import { withClient } from './reach-database.js';

const silent = { log: () => undefined, warn: () => undefined, error: () => undefined };
Logger.overrideLogger(false);

let url: string;
let port: string;
let database: string;
beforeEach(async () => {
  url = await freshDatabase();
  port = new URL(url).port;
  database = new URL(url).pathname.slice(1);
});

/** Through everything that connects: the start, the pool and the revocation feed. */
async function expectToWork(address: string): Promise<void> {
  const description = {
    url: address,
    applicationName: 'spec',
    entities: [],
    limits: { poolSize: 2 },
  };
  const migrations = REVOKED_TOKENS_MIGRATIONS;
  const dataSource = await openDatabase(databaseOptions({ ...description, migrations }), {
    waitMs: 0,
    logger: silent,
  });
  const source = new PostgresRevocationSource({ connection: address });
  try {
    expect(await dataSource.query('SELECT current_database() AS name')).toEqual([
      { name: database },
    ]);
    expect(await source.read(undefined, { waitSeconds: 0 })).toMatchObject({ reset: true });
  } finally {
    source.close();
    await dataSource.destroy();
  }
}

/** The same account and database, at other hosts. */
const at = (hosts: string, parameters = '') => {
  const { username, password } = new URL(url);
  return `postgres://${username}:${password}@${hosts}/${database}${parameters}`;
};

it('is found at the second of two hosts when the first is down', async () => {
  await expectToWork(at(`127.0.0.1:${await freePort()},127.0.0.1:${port}`));
});

it('is not used at a host that refuses writes, when it needs one that accepts them', async () => {
  const readOnly = `readonly_${Date.now()}`;
  await withClient(url, (client) => client.query(`CREATE DATABASE ${readOnly}`));
  await withClient(url, (client) =>
    client.query(`ALTER DATABASE ${readOnly} SET default_transaction_read_only = on`),
  );
  const standby = at(`127.0.0.1:${port}`).replace(database, readOnly);
  const opening = openDatabase(
    databaseOptions({
      url: `${standby}?target_session_attrs=read-write`,
      applicationName: 'spec',
      entities: [],
      migrations: [],
    }),
    { waitMs: 0, logger: silent },
  );
  await expect(opening).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining(' is read-only, after 0 s') as string,
  });
});

it('is used without TLS where the server has none, if that is allowed', async () => {
  await expectToWork(at(`127.0.0.1:${port}`, '?sslmode=prefer'));
  await expectToWork(at(`127.0.0.1:${port}`, '?sslmode=allow'));
  await expect(expectToWork(at(`127.0.0.1:${port}`, '?sslmode=require'))).rejects.toThrow(/SSL/);
});

it('is reached through a socket of this machine', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pg-'));
  const socket = forward(join(directory, `.s.PGSQL.${port}`), Number(port));
  await once(socket, 'listening');
  const { username, password } = new URL(url);
  await expectToWork(
    `postgres://${username}:${password}@/${database}?host=${directory}&port=${port}`,
  );
  socket.close();
  rmSync(directory, { recursive: true });
});

it('is waited for at a socket that is not there yet', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pg-'));
  const { username, password } = new URL(url);
  const address = `postgres://${username}:${password}@/${database}?host=${directory}&port=${port}`;
  const waiting: unknown[] = [];
  const options = { url: address, applicationName: 'spec', entities: [], migrations: [] };
  const opening = openDatabase(databaseOptions(options), {
    waitMs: 30_000,
    logger: { ...silent, warn: (message: unknown) => void waiting.push(message) },
  });
  await expect.poll(() => waiting).toEqual([`Waiting for Postgres at ${directory}:${port}`]);
  const socket = forward(join(directory, `.s.PGSQL.${port}`), Number(port));
  await (await opening).destroy();
  socket.close();
  rmSync(directory, { recursive: true });
});

it('takes a password with any characters', async () => {
  const password = '50%25% & ü@:/?#';
  const name = `guest_${Date.now()}`;
  await withClient(url, async (client) => {
    await client.query(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
    await client.query(`GRANT ALL ON SCHEMA public TO ${name}`);
  });
  const written = encodeURIComponent(password);
  await expectToWork(`postgres://${name}:${written}@127.0.0.1:${port}/${database}`);
});

function forward(path: string, to: number): Server {
  return createServer((near) => {
    const far = connect(to, '127.0.0.1');
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
    near.pipe(far).pipe(near);
  }).listen(path);
}
