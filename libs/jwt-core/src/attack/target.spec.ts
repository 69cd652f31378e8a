import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { createServer as createHttpServer } from 'node:http';
import { Target } from './target.js';

it('sends the one Host that its options name', async () => {
  const seen: string[] = [];
  const server = createHttpServer((request, response) => {
    seen.push(...(request.headersDistinct.host ?? []));
    response.end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  for (const call of [{ headers: { Host: 'orders.local' } }, {}]) {
    const target = new Target({ url, ...call });
    expect(await target.ask({ token: 'x' })).toBe(200);
    target.close();
  }
  expect(seen).toEqual(['orders.local', new URL(url).host]);
  await once(server.close(), 'close');
});

it.each([
  ['nothing', ''],
  ['a head without an end', 'x'],
])('reports 0 for a service that sends %s, after one limit', async (_what, text) => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.write(text && 'HTTP/1.1 200 OK\r\nx: ');
    socket.resume();
    const timer = setInterval(() => socket.write(text), 10);
    socket.on('error', () => {}).once('close', () => clearInterval(timer));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const target = new Target({ url }, 1_000);
  expect(await target.ask({ token: 'x' })).toBe(0);
  expect(connections).toBe(1);
  target.close();
  await once(server.close(), 'close');
});
