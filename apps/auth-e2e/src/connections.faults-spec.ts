import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { call, freePort, type RunningApp } from '@jwt-auth/dev-stack';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { scrape } from './exposition.js';
import { Stack } from './stack.js';

let stack: Stack;
let metrics: string;
const apps = ['auth', 'orders'] as const;
const appOf = (name: (typeof apps)[number]) =>
  name === 'auth' ? stack.process() : stack.ordersProcess;

beforeAll(async () => {
  const port = await freePort();
  metrics = `http://127.0.0.1:${port}`;
  stack = await Stack.start({ withOrders: true, env: { AUTH_METRICS_PORT: String(port) } });
});
afterAll(() => stack?.stop());

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A connection that sends what it is given and reads nothing. */
async function silentConnection({ url }: RunningApp, bytes: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
  sockets.push(socket.pause());
  await once(socket, 'connect');
  socket.write(bytes);
  return socket;
}

/** Whether a connection gets an answer, before it is closed. */
const isServed = (socket: Socket): Promise<boolean> =>
  new Promise((resolve) => {
    if (socket.destroyed) resolve(false);
    socket
      .once('data', () => resolve(true))
      .once('close', () => resolve(false))
      .resume();
  });

const times = <T>(count: number, make: () => Promise<T>) =>
  Promise.all(Array.from({ length: count }, make));

const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`;

/** Sends bytes that no client library sends, and returns what comes back. */
async function exchange({ url }: RunningApp, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes));
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => (text += part));
  await once(socket, 'close');
  return text;
}

describe.each(apps)('%s', (name) => {
  it
    .runIf(process.platform === 'linux')
    .each([
      '/docs/swagger-ui-bundle.js',
      '/docs/swagger-ui.css',
      '/docs/favicon-32x32.png',
      '/docs-json',
      '/docs',
    ])(
    'holds no descriptor for pipelined requests for %s whose answers are not read',
    async (path) => {
      const app = appOf(name);
      const descriptors = () => readdirSync(`/proc/${app.pid}/fd`).length;
      const before = descriptors();
      await times(20, () => silentConnection(app, get(path).repeat(12)));
      // Served in part: the first answer is on its way on each connection.
      await call(`${app.url}/health/live`);
      for (const socket of sockets.splice(0)) socket.destroy();
      await expect.poll(descriptors).toBeLessThanOrEqual(before + 2);
    },
  );

  it.each([
    ['two Host headers', 'host: a\r\nhost: b', 400],
    ['no Host header', 'x: 1', 400],
    ['over a thousand headers', `host: a\r\n${'a:\r\n'.repeat(1_100)}authorization: Bearer a`, 431],
  ])('refuses a request with %s', async (_what, headers, status) => {
    const answer = await exchange(
      appOf(name),
      `GET /health/live HTTP/1.1\r\nconnection: close\r\n${headers}\r\n\r\n`,
    );
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toMatch(/x-request-id: /);
  });

  it('refuses a body with a Content-Encoding', async () => {
    const path = name === 'auth' ? '/auth/login' : '/orders';
    const answer = await call(appOf(name).url + path, {
      body: {},
      headers: { 'content-encoding': 'gzip' },
    });
    expect(answer.status).toBe(415);
  });

  it('closes the connections of an address beyond a thousand, and serves the others', async () => {
    const app = appOf(name);
    const open = await times(1_000, () => silentConnection(app, ''));
    const more = await times(50, () => silentConnection(app, get('/health/live')));
    const served = (await Promise.all(more.map(isServed))).filter(Boolean).length;
    // One that has waited for too long makes room for another, on a busy machine.
    const gone = () => open.filter(({ destroyed }) => destroyed).length;
    for (const socket of open) socket.resume();
    await expect.poll(gone).toBeGreaterThanOrEqual(served);
    expect(served).toBeLessThan(50);
    const kept = open.find(({ destroyed }) => !destroyed);
    kept?.write(get('/health/live'));
    const [answer] = (await once(kept!, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 200 /);
  });
});

describe('the feed', () => {
  it('frees every place of a closed connection, pipelined or not', async () => {
    const waiting = async () => (await scrape(metrics)).value('revocation_feed_waiting_reads');
    const { cursor } = (await call(`${stack.auth()}/revocations`)).body;
    const path = `/revocations?wait=25&after=${encodeURIComponent(String(cursor))}`;
    await times(200, () => silentConnection(stack.process(), get(path).repeat(15)));
    await expect.poll(waiting).toBeGreaterThan(150);
    for (const socket of sockets.splice(0)) socket.resetAndDestroy();
    // The lists of auth and orders wait, too.
    await expect.poll(waiting).toBeLessThanOrEqual(2);
  });
});
