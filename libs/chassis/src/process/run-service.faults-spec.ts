import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, get, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

// These tests send signals to real processes. Node runs no TypeScript, so the fixture is bundled.

interface Started {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly exit: Promise<number | null>;
}

const fixture = fileURLToPath(new URL('service.fixture.ts', import.meta.url));
/** Nobody reads the docs here, and to load what makes them is a quarter of a start. */
const withoutDocs = {
  name: 'without-docs',
  load: (id: string) =>
    id.endsWith('/http/docs.ts') ? 'export const serveDocs = () => undefined;' : undefined,
};
const running: ChildProcess[] = [];
let directory: string;

beforeAll(async () => {
  // Inside the package, so that the bundle finds what it imports.
  directory = await mkdtemp(join(fileURLToPath(new URL('../..', import.meta.url)), '.service-'));
  await build({
    configFile: false,
    logLevel: 'silent',
    plugins: [withoutDocs],
    build: { ssr: fixture, outDir: directory, rolldownOptions: { output: { format: 'esm' } } },
  });
});
afterAll(() => rm(directory, { recursive: true }));
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

function start(...settings: string[]): Started {
  return startWith({}, ...settings);
}

function startWith(environment: Record<string, string>, ...settings: string[]): Started {
  const env = { ...process.env, NODE_ENV: 'development', ...environment };
  const child = spawn(process.execPath, [join(directory, 'service.fixture.js'), ...settings], {
    env,
  });
  running.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exit = once(child, 'close').then(([code]) => code as number | null);
  return { process: child, output: () => output, exit };
}

async function listening(service: Started): Promise<number> {
  await expect.poll(service.output, { timeout: 45_000 }).toMatch(/"msg":"Serving requests"/);
  return Number(/"server.port":(\d+)/.exec(service.output())?.[1]);
}

async function read(port: number, path: string, agent?: Agent) {
  const headers = { origin: 'https://app.example.com' };
  const [answer] = (await once(get({ port, path, agent, headers }), 'response')) as [
    IncomingMessage,
  ];
  let body = '';
  for await (const chunk of answer as AsyncIterable<Buffer>) body += chunk.toString();
  return { status: answer.statusCode, headers: answer.headers, body };
}

const parsed = (line: string) => JSON.parse(line) as Record<string, unknown>;

function hasIpv6Loopback(): boolean {
  return (networkInterfaces().lo ?? networkInterfaces().lo0 ?? []).some(
    ({ address }) => address === '::1',
  );
}

describe('a service', () => {
  it('finishes what is in flight after SIGTERM', async () => {
    const service = start();
    const port = await listening(service);
    const idle = new Agent({ keepAlive: true });
    await read(port, '/quick', idle);
    await read(port, '/warn', idle);
    const slow = read(port, '/slow');
    await expect.poll(service.output).toMatch(/slow began/);
    service.process.kill('SIGTERM');
    await expect.poll(service.output).toMatch(/stopping/);
    await expect(read(port, '/quick')).rejects.toThrow(/ECONNREFUSED/);
    expect(await slow).toMatchObject({
      status: 200,
      body: 'done',
      headers: { connection: 'close' },
    });
    expect(await service.exit).toBe(0);
    expect(service.output()).toMatch(/hook ran.*Stopped/s);
    // A warning of the process is a line of the log, and no text.
    const lines = service.output().trim().split('\n');
    expect(lines.filter((line) => line.includes('this is old')).map(parsed)).toMatchObject([
      {
        ...{ level: 'warn', 'exception.type': 'DeprecationWarning' },
        ...{ 'error.type': 'DEP_FIXTURE', 'exception.message': 'this is old' },
      },
    ]);
    idle.destroy();
  });

  it('goes on serving for SHUTDOWN_DELAY, is not ready, and closes each connection', async () => {
    const service = start('SHUTDOWN_DELAY=700ms');
    const port = await listening(service);
    const [agent, idle] = [new Agent({ keepAlive: true }), new Agent({ keepAlive: true })];
    for (const each of [agent, idle]) await read(port, '/quick', each);
    const slow = read(port, '/slow');
    await expect.poll(service.output).toMatch(/slow began/);
    service.process.kill('SIGTERM');
    await expect.poll(service.output).toMatch(/stopping/);

    const probe = await read(port, '/health/ready');
    expect([probe.status, probe.headers.connection]).toEqual([503, 'close']);
    expect(JSON.parse(probe.body)).toMatchObject({
      code: 'not_ready',
      detail: 'Not ready: process (is stopping)',
    });
    for (const path of ['/quick', '/nowhere', '/%ZZ']) {
      expect((await read(port, path, agent)).headers.connection).toBe('close');
    }
    expect(service.output()).not.toMatch(/hook ran/);
    expect(await slow).toMatchObject({ status: 200, headers: { connection: 'close' } });
    expect(await service.exit).toBe(0);
    await expect(read(port, '/quick', idle)).rejects.toThrow(/ECONNREFUSED/);
  });

  it('ends at once after a second signal', async () => {
    const service = start();
    const port = await listening(service);
    const hanging = read(port, '/never');
    const isCut = expect(hanging).rejects.toThrow();
    await expect.poll(service.output).toMatch(/never began/);
    service.process.kill('SIGTERM');
    const again = setInterval(() => service.process.kill('SIGTERM'), 100);
    expect(await service.exit).toBe(1);
    clearInterval(again);
    await isCut;
  });

  it('closes requests that never end, and exits in time', async () => {
    const service = start();
    const port = await listening(service);
    const isCut = expect(read(port, '/never')).rejects.toThrow();
    await expect.poll(service.output).toMatch(/never began/);
    const signalled = performance.now();
    service.process.kill('SIGTERM');
    expect(await service.exit).toBe(0);
    expect(performance.now() - signalled).toBeLessThan(40_000);
    await isCut;
  });

  it('is live and not ready while it starts, and ends with 0 when it is stopped then', async () => {
    const service = start('HANG=on', 'SHUTDOWN_DELAY=5m');
    await expect.poll(service.output, { timeout: 45_000 }).toMatch(/hanging/);
    const port = Number(/"server.port":(\d+)/.exec(service.output())?.[1]);
    expect((await read(port, '/health/live')).status).toBe(200);
    const probe = await read(port, '/health/ready');
    expect([probe.status, JSON.parse(probe.body)]).toMatchObject([
      503,
      { detail: 'Not ready: database (cannot be reached)' },
    ]);
    // A page that may call the service can read why it is not served.
    expect(probe.headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example.com',
    });
    // Nobody is served yet, so there is nobody to wait for.
    service.process.kill('SIGINT');
    expect(await service.exit).toBe(0);
  });

  it('names every wrong setting and ends with 1', async () => {
    const service = start('PORT=x1x', 'HANG=x2x');
    expect(await service.exit).toBe(1);
    expect(service.output()).toBe(
      'fixture does not start. The settings are wrong:\n' +
        '  PORT: expected a whole number from 0 to 65535\n' +
        '  HANG: expected on or off\n',
    );
  });

  it('names them in a line of the log in production', async () => {
    const service = startWith({ NODE_ENV: 'Production ' }, 'PORT=x1x', 'HANG=x2x');
    expect(await service.exit).toBe(1);
    expect(parsed(service.output())).toMatchObject({
      ...{ level: 'fatal', 'service.name': 'fixture' },
      msg: 'fixture does not start: the settings are wrong',
      problems: [
        { variable: 'PORT', message: 'expected a whole number from 0 to 65535' },
        { variable: 'HANG', message: 'expected on or off' },
      ],
    });
    expect(service.output()).not.toMatch(/x[12]x/);
  });

  const host = hasIpv6Loopback() ? '::1' : '127.0.0.1';
  it(`names the address at ${host} that is taken and ends with 1`, async () => {
    const other = createServer().listen(0, host);
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const service = start(`HOST=${host}`, `PORT=${port}`);
    expect(await service.exit).toBe(1);
    const address = host === '::1' ? `[::1]:${port}` : `${host}:${port}`;
    expect(service.output()).toMatch(`Not started: ${address} is taken by another process`);
    other.close();
  });

  it.each(['throw', 'reject'])('logs an uncaught error (%s) and ends with 1', async (crash) => {
    const service = start();
    const port = await listening(service);
    await read(port, `/${crash}`).catch(() => undefined);
    expect(await service.exit).toBe(1);
    expect(service.output()).toMatch(/"level":"fatal".*nobody caught this/);
  });
});
