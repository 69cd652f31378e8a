import { once } from 'node:events';
import { Agent, get, type RequestListener, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { createBoundedServer, LIMITS } from './bounded-server.js';

/** More than the system buffers for a client that does not read. */
const LARGE = Buffer.alloc(64 * 1024 * 1024);

const logger = { log: vi.fn(), error: vi.fn(), warn: vi.fn() };
let server: Server;
const clients: Socket[] = [];

async function start(
  handle: RequestListener,
  limits: Partial<Record<keyof typeof LIMITS, number>> = {},
  trusts: () => boolean = () => false,
): Promise<void> {
  server = createBoundedServer(handle, { logger, trusts, limits: { ...LIMITS, ...limits } });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

afterEach(async () => {
  vi.clearAllMocks();
  for (const client of clients.splice(0)) client.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const port = () => (server.address() as AddressInfo).port;

async function open(): Promise<Socket> {
  const client = connect(port(), '127.0.0.1').on('error', () => undefined);
  clients.push(client);
  await once(client, 'connect');
  return client;
}

const request = (path: string) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`;

/** What the server sends until it closes the connection. */
async function rest(client: Socket): Promise<string> {
  let text = '';
  client.setEncoding('latin1').on('data', (part: string) => (text += part));
  // `once` would reject after a reset.
  await new Promise((resolve) => client.once('close', resolve));
  return text;
}

describe('connections of one address', () => {
  const limits = { connectionsPerAddress: 3 };
  const answer: RequestListener = (_request, response) => void response.end('ok');

  /** Whether the server answers on a new connection, which stays open. */
  async function isAccepted(): Promise<boolean> {
    const client = await open();
    client.write(request('/'));
    return Promise.race([
      once(client, 'data').then(() => true),
      once(client, 'close').then(() => false),
    ]);
  }

  it('beyond the limit are closed, with one warning, until another one ends', async () => {
    await start(answer, limits);
    for (let count = 0; count < 3; count += 1) expect(await isAccepted()).toBe(true);
    for (let count = 0; count < 5; count += 1) expect(await isAccepted()).toBe(false);
    expect(logger.warn).toHaveBeenCalledOnce();
    clients[0]?.destroy();
    await expect.poll(isAccepted).toBe(true);
    expect(await isAccepted()).toBe(false);
  });

  it('that were refused without a warning are counted in the next one', async () => {
    await start(answer, limits);
    for (let count = 0; count < 3 + 5; count += 1) await isAccepted();
    const now = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
    expect(await isAccepted()).toBe(false);
    now.mockRestore();
    expect(logger.warn.mock.calls.map(([, fields]) => fields as unknown)).toEqual([
      { address: '127.0.0.1', suppressed: 0 },
      { address: '127.0.0.1', suppressed: 4 },
    ]);
  });

  it('are not counted for a trusted proxy', async () => {
    await start(answer, limits, () => true);
    for (let count = 0; count < 8; count += 1) expect(await isAccepted()).toBe(true);
  });
});

describe('pipelined requests', () => {
  it('are served one at a time and answered in order', async () => {
    let inFlight = 0;
    const seen: number[] = [];
    await start((incoming, response) => {
      seen.push((inFlight += 1));
      setTimeout(() => {
        inFlight -= 1;
        response.end(`<${incoming.url}>`);
      }, 5);
    });
    const client = await open();
    const paths = Array.from({ length: LIMITS.waitingRequests + 1 }, (_, index) => `/${index}`);
    client.write(paths.map(request).join(''));
    let text = '';
    client.on('data', (part) => (text += part.toString()));
    await expect.poll(() => [...text.matchAll(/<(.*?)>/g)].map(([, path]) => path)).toEqual(paths);
    expect(Math.max(...seen)).toBe(1);
  });

  it('close the connection when too many wait', async () => {
    let served = 0;
    await start(() => (served += 1));
    const client = await open();
    client.write(request('/').repeat(LIMITS.waitingRequests + 2));
    await rest(client);
    expect(served).toBe(1);
  });

  it('that wait are dropped when the connection closes', async () => {
    const closed: (string | undefined)[] = [];
    const served: (string | undefined)[] = [];
    await start((incoming, response) => {
      served.push(incoming.url);
      response.once('close', () => closed.push(incoming.url));
    });
    const client = await open();
    client.write(['/one', '/two', '/three'].map(request).join(''));
    await expect.poll(() => served).toEqual(['/one']);
    client.resetAndDestroy();
    await expect.poll(() => closed).toEqual(['/one']);
    // This request is served after the effects of the reset.
    (await open()).write(request('/later'));
    await expect.poll(() => served).toEqual(['/one', '/later']);
  });
});

describe('a client', () => {
  const answerLarge: RequestListener = (_request, response) => void response.end(LARGE);

  it('that never reads its answer is cut', async () => {
    await start(answerLarge, { idleMs: 200 });
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const client = await open();
    client.pause().write(request('/'));
    const [socket] = await accepted;
    await once(socket, 'close');
    expect(socket.bytesWritten).toBeGreaterThan(0);
  });

  it('that reads too slowly is cut when the time for the answer is over', async () => {
    await start(answerLarge, { idleMs: 10_000, answerMs: 300 });
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const client = await open();
    client.pause().write(request('/'));
    const drip = setInterval(() => void client.read(1_000), 10);
    const [socket] = await accepted;
    await once(socket, 'close');
    clearInterval(drip);
  });

  it('that reads slowly gets all of its answer', async () => {
    await start(answerLarge, { idleMs: 20_000 });
    let received = 0;
    let unpaused = 0;
    const agent = new Agent();
    await new Promise((resolve, reject) => {
      get({ port: port(), host: '127.0.0.1', agent }, (answer) => {
        answer.on('data', (part: Buffer) => {
          received += part.length;
          unpaused += part.length;
          if (unpaused < LARGE.length / 32) return;
          unpaused = 0;
          answer.pause();
          setTimeout(() => answer.resume(), 10);
        });
        answer.on('end', resolve).on('error', reject);
      }).on('error', reject);
    });
    expect(received).toBe(LARGE.length);
  });

  it('may wait for its answer for longer than it may take to send a request', async () => {
    await start((_request, response) => void setTimeout(() => response.end('late'), 400), {
      headersMs: 100,
      requestMs: 100,
    });
    const client = await open();
    client.write(request('/'));
    const [part] = (await once(client, 'data')) as [Buffer];
    expect(part.toString()).toMatch(/late$/);
  });

  it.each([
    ['the headers', 'GET / HTTP/1.1\r\nhost: a\r\n'],
    ['the body', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nab'],
  ])('that does not finish %s is cut', async (_what, bytes) => {
    await start((incoming) => incoming.resume(), { headersMs: 100, requestMs: 200 });
    const client = await open();
    client.write(bytes);
    expect(await rest(client)).toMatch(/^HTTP\/1.1 408 /);
  });

  it('that sends no more requests is cut after the keep-alive time', async () => {
    await start((_request, response) => void response.end('ok'), { keepAliveMs: 100 });
    const client = await open();
    client.write(request('/'));
    expect(await rest(client)).toMatch(/ok$/);
  });
});
