import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { LIMITS } from './bounded-server.js';
import { startHttpApp, type RunningHttpApp } from './http-app.fixture.js';

let running: RunningHttpApp;
const post = (lines: string[], body = '{"text":"a"}') =>
  running.send(
    ['POST /notes HTTP/1.1', 'host: a', 'connection: close', 'content-type: application/json']
      .concat(`content-length: ${Buffer.byteLength(body)}`, lines, '', body)
      .join('\r\n'),
  );

describe('a request', () => {
  beforeAll(async () => {
    running = await startHttpApp();
  });
  afterAll(() => running.app.close());

  const headers = (count: number) => Array.from({ length: count }, (_, index) => `x-${index}: 1`);

  it.each<[string, string, number, string]>([
    ['two Host headers', 'host: a\r\nhost: a', 400, 'invalid_input'],
    ['two different Host headers', 'Host: a\r\nx: 1\r\nHOST: b', 400, 'invalid_input'],
    ['no Host header', 'x: 1', 400, 'invalid_input'],
    ['too many headers', headers(LIMITS.headerCount).join('\r\n'), 431, 'headers_too_large'],
    ['over a thousand', headers(1_001).join('\r\n'), 431, 'headers_too_large'],
    ['over two thousand', 'a:\r\n'.repeat(2_100) + 'b:', 431, 'headers_too_large'],
  ])('with %s is refused', async (_what, lines, status, code) => {
    const host =
      lines.toLowerCase().includes('host') || _what.startsWith('no') ? '' : 'host: a\r\n';
    const answer = await running.send(
      `GET /notes HTTP/1.1\r\nconnection: close\r\n${host}${lines}\r\n\r\n`,
    );
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head).toMatch(/x-request-id: [\da-f-]{36}/);
    expect(head).toMatch(/content-type: application\/problem\+json/);
    expect(JSON.parse(body)).toMatchObject({ status, code });
  });

  it('with as many headers as there may be is served', async () => {
    const lines = headers(LIMITS.headerCount - 2).join('\r\n');
    const request = `GET /notes HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${lines}\r\n\r\n`;
    expect(await running.send(request)).toMatch(/^HTTP\/1.1 200 /);
  });

  it('of HTTP/1.0 needs no Host header', async () => {
    expect(await running.send('GET /notes HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
  });

  it.each(['gzip', 'GZIP', 'br', 'deflate, gzip', 'identity, gzip', 'x'])(
    'with the Content-Encoding %s is refused',
    async (encoding) => {
      const answer = await post([`content-encoding: ${encoding}`]);
      expect(answer).toMatch(/^HTTP\/1.1 415 /);
      expect(answer).toMatch(/"code":"unsupported_media_type"/);
    },
  );

  it.each([[['content-encoding: identity']], [[]]])('with %j is served', async (lines) => {
    expect(await post(lines)).toMatch(/^HTTP\/1.1 201 /);
  });
});

describe('the warning about a proxy that is not trusted', () => {
  afterEach(() => running.app.close());

  const sendWith = (header: string) =>
    fetch(running.base, { headers: { [header]: '203.0.113.9' } });
  const warnings = () => running.lines.filter(({ level }) => level === 'warn');

  it.each(['x-forwarded-for', 'forwarded'])('is logged once, for %s', async (header) => {
    running = await startHttpApp({ trustProxy: false });
    await fetch(running.base);
    expect(warnings()).toEqual([]);
    await sendWith(header);
    await sendWith(header);
    expect(warnings()).toMatchObject([{ msg: expect.stringContaining('TRUST_PROXY') as string }]);
  });

  it('is not logged if a proxy is trusted', async () => {
    running = await startHttpApp({ trustProxy: 1 });
    await sendWith('x-forwarded-for');
    expect(warnings()).toEqual([]);
  });
});

describe('a base path', () => {
  beforeAll(async () => {
    running = await startHttpApp({ basePath: '/tenants/one' });
  });
  afterAll(() => running.app.close());

  it.each([
    ['/tenants/one/notes', 200],
    ['/tenants/one/notes?q=a?b', 200],
    ['/notes', 200],
    ['/tenants/onenotes', 404],
    ['/tenants/one', 404],
    ['/tenants/two/notes', 404],
    ['/tenants/one/tenants/one/notes', 404],
  ])('%s is answered with %d', async (path, status) => {
    expect((await fetch(running.base + path)).status).toBe(status);
  });
});
