import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../supervision/until.js';
import { createTcpProxy, type TcpProxy } from './tcp-proxy.js';

let echo: Server;
let proxy: TcpProxy;
const clients: Client[] = [];
let echoing: Socket[];

/** A connection through the proxy, and what came back over it. */
class Client {
  received = '';
  ended = false;
  closed = false;
  error = '';

  constructor(readonly socket: Socket) {
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => (this.received += text));
    socket.on('end', () => (this.ended = true));
    socket.on('close', () => (this.closed = true));
    socket.on('error', (error: NodeJS.ErrnoException) => (this.error = error.code ?? ''));
  }

  async gets(text: string, withinMs = 5_000): Promise<void> {
    await until(() => this.received === text, { withinMs, everyMs: 2 });
    expect(this.received).toBe(text);
  }
}

function client(): Client {
  const one = new Client(
    connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true }),
  );
  clients.push(one);
  return one;
}

/** A connection over which something has already passed both ways. */
async function echoed(): Promise<Client> {
  const one = client();
  one.socket.write('hello');
  await one.gets('hello');
  return one;
}

const port = (server: Server) => (server.address() as AddressInfo).port;

beforeEach(async () => {
  echoing = [];
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    echoing.push(socket);
    socket.on('error', () => undefined).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await createTcpProxy(port(echo));
});
afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy();
  await proxy.close();
  await new Promise((resolve) => echo.close(resolve));
});

describe('a TCP proxy', () => {
  it('passes bytes both ways, and the end of a direction after the last of them', async () => {
    const one = client();
    const much = 'x'.repeat(1_000_000);
    one.socket.end(much);
    await one.gets(much);
    await until(() => one.closed, { withinMs: 5_000 });
    expect(one).toMatchObject({ ended: true, closed: true, error: '' });
    await until(() => proxy.connections === 0, { withinMs: 5_000 });
    expect(proxy.connections).toBe(0);
  });

  it('holds back while it is paused, on connections old and new, and delivers at last', async () => {
    const old = await echoed();
    proxy.pause();
    old.socket.end('held');
    const young = client();
    young.socket.end('held');
    await sleep(100);
    proxy.pause();
    await sleep(100);
    expect([old.received, young.received, old.ended]).toEqual(['hello', '', false]);
    proxy.resume();
    await Promise.all([old.gets('hello' + 'held'), young.gets('held')]);
  });

  it('delays each byte, keeps their order, and does not add delays up', async () => {
    const one = client();
    proxy.delay(500);
    const startedAt = performance.now();
    for (const letter of 'abcdefghij') {
      one.socket.write(letter);
      await sleep(10);
    }
    proxy.delay(0);
    one.socket.write('k');
    await one.gets('abcdefghijk');
    const took = performance.now() - startedAt;
    expect(took).toBeGreaterThan(500);
    expect(took).toBeLessThan(9 * 500);
  });

  it('resets connections old and new while it is cut, and works again afterwards', async () => {
    const old = await echoed();
    proxy.cut();
    const young = client();
    for (const one of [old, young]) {
      await until(() => one.closed, { withinMs: 5_000 });
      expect(one).toMatchObject({ closed: true, error: 'ECONNRESET' });
    }
    proxy.resume();
    await echoed();
  });

  it('leaves a connection half-open for ever, while new ones work', async () => {
    const old = await echoed();
    proxy.halfOpen();
    old.socket.write('lost');
    for (const socket of echoing) socket.destroy();
    proxy.resume();
    await echoed();
    expect(old).toMatchObject({ received: 'hello', ended: false, closed: false });
  });

  it('resets the client when nobody listens behind it', async () => {
    await proxy.close();
    const gone = createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const target = port(gone);
    await new Promise((resolve) => gone.close(resolve));
    proxy = await createTcpProxy(target);
    const one = client();
    await until(() => one.closed, { withinMs: 5_000 });
    expect(one.error).toBe('ECONNRESET');
  });
});
