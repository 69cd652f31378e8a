import { getEventListeners, once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClientCredentials } from './client-credentials.js';
import { fetchJson, postForm } from './issuer-request.js';

describe('fetchJson', () => {
  const limits = { timeoutMs: 5_000, maxBytes: 1_000 };
  let server: Server;
  let answer: RequestListener;
  let asked: string[];

  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      answer(request, response);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });

  afterEach(() => {
    vi.restoreAllMocks();
    server.closeAllConnections();
    server.close();
  });

  const url = (path = '/document'): string =>
    `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

  it('gives the document', async () => {
    answer = (_, response) => response.end('{"höhe": [1, null]}');
    expect(await fetchJson(url(), limits)).toEqual({ höhe: [1, null] });
  });

  it('gives a document of exactly the permitted size', async () => {
    answer = (_, response) => response.end(JSON.stringify('x'.repeat(998)));
    expect(await fetchJson(url(), limits)).toHaveLength(998);
  });

  it.each<[string, string, RequestListener]>([
    ['an error status with a good body', 'bad_status', (_, r) => r.writeHead(500).end('{}')],
    ['a 404', 'bad_status', (_, r) => r.writeHead(404).end('{}')],
    ['a 304', 'bad_status', (_, r) => r.writeHead(304).end()],
    ['an empty answer', 'not_json', (_, r) => r.writeHead(204).end()],
    ['a page', 'not_json', (_, r) => r.end('<html></html>')],
    ['JSON cut short', 'not_json', (_, r) => r.end('{"keys":[')],
    ['invalid UTF-8', 'not_json', (_, r) => r.end(Buffer.from('22ff22', 'hex'))],
    ['a byte too many', 'too_large', (_, r) => r.end(JSON.stringify('x'.repeat(999)))],
    // threat:decompression-bombs
    [
      'much in little, by compression',
      'too_large',
      (_, r) => r.setHeader('content-encoding', 'gzip').end(gzipSync(' '.repeat(100_000))),
    ],
    ['a connection closed unanswered', 'unreachable', (_, r) => r.destroy()],
    [
      'a connection cut within the body',
      'unreachable',
      (_, r) => r.writeHead(200, { 'content-length': '9' }).write('{', () => r.destroy()),
    ],
  ])('refuses %s', async (_name, code, listener) => {
    answer = listener;
    await expect(fetchJson(url(), limits)).rejects.toMatchObject({ name: 'IssuerError', code });
  });

  it('has the error of the parser as the cause', async () => {
    answer = (_, response) => response.end('{');
    await expect(fetchJson(url(), limits)).rejects.toMatchObject({
      message: `${url()}: not JSON`,
      cause: expect.any(SyntaxError) as unknown,
    });
  });

  // threat:server-side-request-forgery
  it('does not follow a redirect', async () => {
    answer = ({ url: path }, response) =>
      path === '/document'
        ? response.writeHead(302, { location: '/elsewhere' }).end()
        : response.end('{}');
    await expect(fetchJson(url(), limits)).rejects.toMatchObject({
      code: 'unreachable',
      message: `${url()}: unexpected redirect`,
    });
    expect(asked).toEqual(['/document']);
  });

  it.each([
    [200, 'too_large'],
    [500, 'bad_status'],
  ])('leaves an endless answer with status %i, and its connection', async (status, code) => {
    const closed = new Promise<void>((resolve) => {
      answer = (_, response) => {
        // By the event loop: where writes complete at once, the server would do nothing else.
        const more = (): unknown =>
          response.destroyed || response.write(' '.repeat(400), () => setImmediate(more));
        response.writeHead(status).on('close', resolve);
        more();
      };
    });
    await expect(fetchJson(url(), limits)).rejects.toMatchObject({ code });
    await closed;
  });

  it.each<[string, RequestListener]>([
    ['never begins', () => undefined],
    ['never ends', (_, response) => response.write('{')],
  ])('gives up on an answer that %s', async (_name, listener) => {
    answer = listener;
    const started = performance.now();
    await expect(fetchJson(url(), { ...limits, timeoutMs: 50 })).rejects.toMatchObject({
      code: 'timed_out',
    });
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('reports why there is no answer', async () => {
    const dead = url();
    await new Promise((resolve) => server.close(resolve));
    await expect(fetchJson(dead, limits)).rejects.toMatchObject({
      code: 'unreachable',
      message: `${dead}: ECONNREFUSED`,
      cause: expect.any(TypeError) as unknown,
    });
  });

  it('sends no request for a caller that has aborted before', async () => {
    answer = (_, response) => response.end('{}');
    const signal = AbortSignal.abort('shutdown');
    await expect(fetchJson(url(), { ...limits, signal })).rejects.toMatchObject({
      code: 'aborted',
      cause: 'shutdown',
    });
    expect(asked).toEqual([]);
  });

  it('ends as soon as its caller aborts', async () => {
    const caller = new AbortController();
    answer = () => caller.abort('shutdown');
    await expect(fetchJson(url(), { ...limits, signal: caller.signal })).rejects.toMatchObject({
      code: 'aborted',
      cause: 'shutdown',
    });
  });

  it('leaves no timer behind', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    answer = (_, response) => response.end('{}');
    await fetchJson(url(), { ...limits, timeoutMs: 77_777 });
    const own = timers.mock.calls.findIndex(([, delayMs]) => delayMs === 77_777);
    const timer = timers.mock.results[own]?.value as NodeJS.Timeout & { _destroyed: boolean };
    expect(timer._destroyed).toBe(true);
  });

  it('leaves nothing behind on a signal that outlives it', async () => {
    const { signal } = new AbortController();
    answer = (_, response) => response.end('{}');
    await fetchJson(url(), { ...limits, signal });
    answer = (_, response) => response.destroy();
    await expect(fetchJson(url(), { ...limits, signal })).rejects.toThrow();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

const limits = { timeoutMs: 30_000, maxBytes: 1_000 };
const credentials = new ClientCredentials('service', 'hush');

describe('requests to an issuer', () => {
  let server: Server;
  let url: string;
  let answer: (request: IncomingMessage, response: ServerResponse) => unknown;

  beforeEach(async () => {
    server = createServer((request, response) => void answer(request, response));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('send a form with the credentials of the client, and give the answer as it is', async () => {
    let sent: unknown;
    answer = async (request, response) => {
      const { method, headers } = request;
      sent = [method, headers.accept, headers.authorization, await text(request)];
      response.writeHead(400).end('{"error":"x"}');
    };
    const received = await postForm(url, { grant: 'a b', token: 'ü&' }, credentials, limits);
    expect(received).toEqual({
      status: 400,
      body: Buffer.from('{"error":"x"}'),
      retryAfterMs: undefined,
    });
    const basic = `Basic ${Buffer.from('service:hush').toString('base64')}`;
    expect(sent).toEqual(['POST', 'application/json', basic, 'grant=a+b&token=%C3%BC%26']);
  });

  it('ask for JSON', async () => {
    answer = ({ method, headers }, response) =>
      response.end(JSON.stringify([method, headers.accept]));
    expect(await fetchJson(url, limits)).toEqual(['GET', 'application/json']);
  });

  it.each([
    ['7', 7_000],
    ['0', 0],
    ['999999', 999_999_000],
    ['1000000', undefined],
    ['', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['7 s', undefined],
    ['in 7', undefined],
    ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
  ])('read a Retry-After of %j as %s ms', async (header, retryAfterMs) => {
    answer = (_, response) => response.writeHead(503, { 'retry-after': header }).end();
    expect(await postForm(url, {}, credentials, limits)).toMatchObject({ retryAfterMs });
  });

  it('bound the answer to a form', async () => {
    answer = (_, response) => response.end('x'.repeat(1_001));
    await expect(postForm(url, {}, credentials, limits)).rejects.toMatchObject({
      code: 'too_large',
    });
  });
});
