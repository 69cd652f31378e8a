import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClientCredentials } from './client-credentials.js';
import { fetchJson, postForm } from './issuer-request.js';

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
