import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePort } from '../supervision/free-port.js';
import { ProgramLog } from '../supervision/program-log.js';
import { SupervisedProcess } from '../supervision/supervised-process.js';
import { serverAccount } from './account.js';
import { startPostgres, type PostgresOptions, type PostgresServer } from './postgres-server.js';

let scratch: string;
let dir: string;
const servers: PostgresServer[] = [];
/** Servers start slowly on a machine that runs every other suite, too. */
const SLOW = { timeout: 90_000 };

async function start(options: PostgresOptions = { dir, ephemeral: true }): Promise<PostgresServer> {
  const server = await startPostgres(options);
  servers.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'dev-stack-spec-'));
  chmodSync(scratch, 0o755);
  dir = join(scratch, 'kept');
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});
afterAll(() => rmSync(scratch, { recursive: true }));

describe('an embedded server', SLOW, () => {
  it('keeps its data and its password from one start to the next, and is durable', async () => {
    const first = await start();
    const url = await first.createDatabase('kept');
    await query(url, 'CREATE TABLE orders AS SELECT 42 AS total');
    await first.stop();
    const second = await start({ dir, port: first.port });
    expect(await query(second.url('kept'), 'SELECT total FROM orders')).toEqual([42]);
    expect(second.url('kept')).toBe(url);
    expect(await query(url, 'SHOW fsync')).toEqual(['on']);
  });

  it('without a directory leaves nothing, and it ignores the time zone of its caller', async () => {
    vi.stubEnv('TZ', 'Asia/Tokyo');
    const server = await start({}).finally(() => vi.unstubAllEnvs());
    expect(await query(server.url(), 'SHOW log_timezone')).toEqual(['UTC']);
    expect(existsSync(server.dataDir)).toBe(true);
    await server.kill();
    await server.stop();
    expect(existsSync(join(server.dataDir, '..'))).toBe(false);
  });
});

describe('a running server', SLOW, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ dir, ephemeral: true });
  });
  afterAll(() => server.stop());

  it('asks for a password, which it keeps where only its owner reads it', async () => {
    const url = new URL(server.url());
    for (const password of ['', 'wrong']) {
      url.password = password;
      await expect(query(url.href, 'SELECT 1')).rejects.toThrow(/password/);
    }
    expect(await query(server.url(), 'SHOW password_encryption')).toEqual(['scram-sha-256']);
    expect(statSync(join(dir, 'password')).mode & 0o777).toBe(0o600);
  });

  it('listens on loopback and nowhere else', async () => {
    expect(await query(server.url(), 'SHOW unix_socket_directories')).toEqual(['']);
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ address, scopeid }) => address !== '127.0.0.1' && !scopeid)
      .map(({ address }) => address);
    for (const host of others) expect(await answers(host, server.port), host).toBe(false);
    expect(await answers('127.0.0.1', server.port)).toBe(true);
  });

  it('makes a database once, whatever its name holds', async () => {
    const name = 'Ünusual "name" %20';
    const url = await server.createDatabase(name);
    expect(await server.createDatabase(name)).toBe(url);
    expect(await query(url, 'SELECT current_database()')).toEqual([name]);
  });

  it('keeps what was committed when it is killed, and serves it again', async () => {
    const url = await server.createDatabase('killed');
    await query(url, 'CREATE TABLE acknowledged AS SELECT generate_series(1, 100)');
    const { pid } = server;
    await server.kill();
    await expect(query(url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
    await server.restart();
    expect(server.pid).not.toBe(pid);
    expect(await query(url, 'SELECT count(*)::int FROM acknowledged')).toEqual([100]);
  });

  it('refuses a second one on its directory, with the reason', async () => {
    const second = start({ dir });
    await expect(second).rejects.toMatchObject({ code: 'server_running' });
    await expect(second).rejects.toThrow(`process ${server.pid}, port ${server.port}`);
    await expect(second).rejects.toThrow('EMBEDDED_POSTGRES_DIR');
    expect(await query(server.url(), 'SELECT 1')).toEqual([1]);
  });
});

describe('a postmaster.pid that an earlier server left', SLOW, () => {
  const written = (pid: number) =>
    [pid, dir, 1_763_892_345, 5432, '', '127.0.0.1', '', 'ready   '].join('\n');

  async function leave(content: string): Promise<void> {
    if (!existsSync(dir)) await (await start()).stop();
    const file = join(dir, 'postmaster.pid');
    const { uid, gid } = statSync(dir);
    writeFileSync(file, content);
    chownSync(file, uid, gid);
  }

  it.each([
    ['names a process that has ended', () => written(4_194_304)],
    ['was emptied by a power cut', () => ''],
    ['was damaged by one', () => 'x'.repeat(100)],
  ])('is no obstacle when it %s', async (_, content) => {
    await leave(content());
    const server = await start();
    expect(await query(server.url(), 'SELECT 1')).toEqual([1]);
  });

  it('is no obstacle when its number belongs to another program of the same user', async () => {
    if (!existsSync(dir)) await (await start()).stop();
    const other = await SupervisedProcess.start({
      name: 'another program',
      command: '/bin/sleep',
      args: ['600'],
      env: {},
      account: serverAccount(dir),
      log: ProgramLog.unnamed(),
    });
    try {
      await leave(written(other.pid));
      const server = await start();
      expect(await query(server.url(), 'SELECT 1')).toEqual([1]);
    } finally {
      await other.stop();
    }
  });
});

describe('a start is refused with the reason', SLOW, () => {
  it.each([
    ['a new directory', () => join(scratch, 'contested')],
    ['one that is there', () => join(scratch, 'contested')],
  ])('to one of two that start on %s at the same moment', async (_, contested) => {
    const attempts = await Promise.allSettled(
      [1, 2].map(() => start({ dir: contested(), ephemeral: true })),
    );
    const refused = attempts.filter(({ status }) => status === 'rejected');
    expect(refused).toEqual([
      expect.objectContaining({
        reason: expect.objectContaining({ code: 'server_running' }) as object,
      }) as object,
    ]);
    const [winner] = servers;
    expect(winner && (await query(winner.url(), 'SELECT 1'))).toEqual([1]);
  });

  it('when the port is taken', async () => {
    const port = await freePort();
    const taker = createServer().listen(port, '127.0.0.1');
    try {
      await expect(start({ dir, port })).rejects.toMatchObject({
        code: 'port_taken',
        message: expect.stringContaining(String(port)) as string,
      });
    } finally {
      taker.close();
    }
  });

  it.each([
    ['holds other files', 'full/data'],
    ['is a file', 'full/data/photo'],
    ['lies below a file', 'full/data/photo/below'],
  ])('when the directory %s, which is left alone', async (_, path) => {
    const photo = join(scratch, 'full/data/photo');
    mkdirSync(join(photo, '..'), { recursive: true });
    writeFileSync(photo, 'precious');
    const attempt = start({ dir: join(scratch, path) });
    await expect(attempt).rejects.toMatchObject({ code: 'directory_unusable' });
    await expect(attempt).rejects.toThrow('EMBEDDED_POSTGRES_DIR');
    expect(readFileSync(photo, 'utf8')).toBe('precious');
  });
});

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => resolve(true) ?? socket.destroy());
    socket.once('error', () => resolve(false));
  });
}
