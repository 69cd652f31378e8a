import { once } from 'node:events';
import { get, request } from 'node:http';

import { afterEach, describe, expect, it } from 'vitest';

import { startHttpApp, type RunningHttpApp } from './http-app.fixture.js';

let running: RunningHttpApp;
afterEach(() => running.app.close());

const requestLines = () => running.lines.filter(({ msg }) => msg === 'request');

describe('the line of a request whose caller hangs up', () => {
  it('says so, without a status if there was no answer yet', async () => {
    running = await startHttpApp();
    const sent = get(`${running.base}/notes/never`).on('error', () => undefined);
    await once(running.app.getHttpServer(), 'request');
    sent.destroy();
    await expect.poll(requestLines).toHaveLength(1);
    expect(requestLines()).toMatchObject([
      {
        level: 'info',
        'http.request.method': 'GET',
        'http.route': '/notes/never',
        'http.server.request.duration': expect.any(Number) as number,
        'client.address': '127.0.0.1',
        aborted: true,
      },
    ]);
    expect(requestLines()[0]).not.toHaveProperty('http.response.status_code');
  });

  it('says so after a part of the body', async () => {
    running = await startHttpApp();
    const headers = { 'content-type': 'application/json', 'content-length': 20 };
    const sent = request(`${running.base}/notes`, { method: 'POST', headers });
    sent.on('error', () => undefined).write('{"te', () => setImmediate(() => sent.destroy()));
    await expect.poll(requestLines).toMatchObject([{ 'http.route': '/notes', aborted: true }]);
  });
});

it('is there for the preflight of a page, with the address of the page', async () => {
  running = await startHttpApp({ cors: { origins: ['https://app.example.com'] } });
  await fetch(`${running.base}/notes`, {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example.com', 'access-control-request-method': 'POST' },
  });
  await expect.poll(requestLines).toHaveLength(1);
  expect(requestLines()).toMatchObject([
    {
      'http.request.method': 'OPTIONS',
      'http.response.status_code': 204,
      'client.address': '127.0.0.1',
    },
  ]);
  expect(requestLines()[0]).not.toHaveProperty('aborted');
});
