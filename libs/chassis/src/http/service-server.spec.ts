import type { LoggerService } from '@nestjs/common';
import { Agent, get, request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';

import { ServiceServer, type ServiceServerOptions } from './service-server.js';
import { StartProgress } from '../readiness/start-progress.js';

const warnings: unknown[][] = [];
const logger = {
  warn: (...line: unknown[]) => void warnings.push(line),
} as unknown as LoggerService;
const agent = new Agent({ keepAlive: true });
let server: ServiceServer;

afterEach(async () => {
  warnings.length = 0;
  server.drain();
  server.http.closeAllConnections();
  await server.close();
});

async function listening(options: Partial<ServiceServerOptions> = {}): Promise<ServiceServer> {
  server = new ServiceServer({ logger, trustProxy: false, ...options });
  await server.listen({ host: '127.0.0.1', port: 0 });
  server.serveLater((_request, response) => void response.end('the app'));
  return server;
}

async function ask(path: string, method = 'GET', headers = {}) {
  const { port } = server.http.address() as AddressInfo;
  const call = method === 'GET' ? get : request;
  const outgoing = call({
    host: '127.0.0.1',
    port,
    path,
    method,
    agent,
    headers: { 'x-request-id': 'one', ...headers },
  });
  outgoing.end(method === 'POST' ? 'x'.repeat(10_000) : undefined);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of answer as AsyncIterable<Buffer>) body += chunk.toString();
  return { status: answer.statusCode, headers: answer.headers, body };
}

describe('a process that starts', () => {
  it('names in its readiness what it waits for, and no more what it has', async () => {
    const progress = new StartProgress(['database', 'keys']);
    await listening({ progress });
    expect(JSON.parse((await ask('/health/ready')).body)).toMatchObject({
      detail: 'Not ready: database (not there yet), keys (not there yet)',
    });
    progress.waitsFor('database', 'cannot be reached');
    progress.has('keys');
    expect(JSON.parse((await ask('/health/ready?full')).body)).toMatchObject({
      errors: [{ path: 'database', message: 'cannot be reached' }],
    });
    progress.has('database');
    expect(JSON.parse((await ask('/health/ready')).body)).toMatchObject({
      detail: 'Not ready: process (is starting)',
    });
  });

  it.each([
    ['GET', '/health/live', 200],
    ['HEAD', '/health/live', 200],
    ['GET', '/tenant/health/live', 200],
    ['GET', '/other/health/live', 503],
    ['GET', '/health/live/', 503],
    ['GET', '/', 503],
    ['POST', '/auth/login', 503],
    ['OPTIONS', '*', 503],
  ])('answers %s %s with %i', async (method, path, status) => {
    await listening({ basePath: '/tenant' });
    const answer = await ask(path, method);
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': 'one',
      'content-type': status === 200 ? /json/ : 'application/problem+json',
      ...(status === 503 && { 'retry-after': '1' }),
    });
    if (status === 503) expect(answer.body).toMatch('"code":"not_ready"');
  });

  describe('for a page of another origin that may call', () => {
    const origin = 'https://app.example.com';
    const cors = { origins: [origin], credentials: true };
    const allowed = {
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'x-request-id, WWW-Authenticate, Retry-After',
      vary: 'Origin',
    };

    it.each([
      ['GET', '/health/live', 200],
      ['GET', '/health/ready', 503],
      ['POST', '/auth/login', 503],
    ])('can be read: %s %s', async (method, path, status) => {
      await listening({ cors });
      const answer = await ask(path, method, { origin });
      expect(answer).toMatchObject({ status, headers: allowed });
    });

    it('is preceded by an answer to the preflight, as from the app', async () => {
      await listening({ cors });
      const preflight = { origin, 'access-control-request-method': 'PUT' };
      expect(await ask('/auth/password', 'OPTIONS', preflight)).toMatchObject({
        status: 204,
        headers: {
          ...allowed,
          'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
          'access-control-allow-headers':
            'Authorization, Content-Type, Idempotency-Key, Prefer, x-request-id',
          'access-control-max-age': '7200',
          'x-request-id': 'one',
        },
        body: '',
      });
    });

    it('cannot be read by others, and the answer varies by origin', async () => {
      await listening({ cors });
      const others = [
        await ask('/orders', 'GET', { origin: 'https://evil.example.com' }),
        await ask('/orders'),
        await ask('/orders', 'OPTIONS', {
          origin: 'https://evil.example.com',
          'access-control-request-method': 'GET',
        }),
      ];
      for (const { status, headers } of others) {
        expect([status, headers.vary]).toEqual([503, 'Origin']);
        expect(headers).not.toHaveProperty('access-control-allow-origin');
      }
    });

    it('can be read while the process stops', async () => {
      await listening({ cors });
      server.open();
      server.drain();
      const answer = await ask('/health/ready', 'GET', { origin });
      expect(answer).toMatchObject({ status: 503, headers: allowed });
    });

    it('is without any of that by default', async () => {
      await listening();
      expect((await ask('/orders', 'GET', { origin })).headers).not.toHaveProperty('vary');
    });
  });

  it('warns once it serves if requests came before, but not of probes', async () => {
    await listening();
    await ask('/health/ready');
    await ask('/health/live');
    server.open();
    expect(warnings).toEqual([]);
    await server.close();

    await listening();
    for (let times = 0; times < 3; times += 1) await ask('/orders');
    server.open();
    expect(warnings).toMatchObject([
      [expect.stringMatching(/GET \/health\/ready/), { requests: 3 }],
    ]);
    expect((await ask('/health/ready')).body).toBe('the app');
  });

  it('takes over no more once it stops', async () => {
    await listening();
    server.drain();
    server.open();
    expect((await ask('/orders')).status).toBe(503);
  });
});

describe('a process that stops', () => {
  it('is not ready, and answers everything else with Connection: close', async () => {
    await listening({ basePath: '/tenant' });
    server.open();
    expect((await ask('/orders')).headers.connection).toBe('keep-alive');
    server.drain();
    for (const path of ['/health/ready', '/tenant/health/ready']) {
      expect(await ask(path)).toMatchObject({ status: 503, headers: { connection: 'close' } });
    }
    for (const path of ['/orders', '/health/live']) {
      expect(await ask(path)).toMatchObject({
        status: 200,
        body: 'the app',
        headers: { connection: 'close' },
      });
    }
  });

  it('accepts the connections that wait before it stops accepting', async () => {
    await listening();
    server.open();
    const answers = Array.from({ length: 20 }, () => ask('/orders'));
    // The requests are under way, and none has been accepted yet.
    await new Promise((resolve) => setTimeout(resolve, 0));
    server.drain();
    const closing = server.close();
    for (const { body } of await Promise.all(answers)) expect(body).toBe('the app');
    await closing;
  });
});
