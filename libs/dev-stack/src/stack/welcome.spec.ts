import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findApps, ROOT } from './app.js';
import { StackSettings } from './settings.js';
import type { Stack } from './stack.js';
import { walkThrough, welcome } from './welcome.js';

interface Seen {
  call: string;
  bearer: string | undefined;
  body: string;
}

const seen: Seen[] = [];
let server: Server;

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const { method, url, headers } = request;
      seen.push({ call: `${method} ${url}`, bearer: headers.authorization, body });
      response.end(JSON.stringify({ access_token: 'a.b-c_d.e' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => server.close());

it.each(['correct horse battery staple', `it's a "quoted" \\ $HOME \`id\` päss!`])(
  'works pasted into a plain shell, with the password %s',
  async (password) => {
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const lines = walkThrough({ auth: address, orders: address, password });
    const commands = lines.slice(lines.findIndex((line) => line.startsWith('#')));
    seen.length = 0;
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', commands.join('\n')]);
    expect(seen.map(({ call }) => call)).toEqual([
      'POST /auth/login',
      'POST /orders',
      'POST /auth/logout',
      ...['GET /orders', 'GET /orders', 'GET /orders'],
    ]);
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual({ email: 'ada@example.com', password });
    for (const { bearer } of seen.slice(1)) expect(bearer).toBe('Bearer a.b-c_d.e');
    expect(stdout).toMatch(/order: 200 in [\d.,]+ s\n[^]*logout: 200 in [\d.,]+ s/);
  },
);

it.each([
  ['::', 'localhost'],
  ['::1', 'localhost'],
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8::1', '[2001:db8::1]'],
])('the addresses of apps that listen on %s are at %s', (HOST, host) => {
  const apps = findApps(ROOT);
  const settings = new StackSettings(apps, { DATABASE_URL: 'postgres://db/auth', HOST }, '');
  const text = welcome({ apps, settings, stack: {} as Stack, logDir: '', seconds: 1 });
  expect(text).toContain(`console   http://${host}:3000/console`);
});

it.each([
  ['the console first', {}, 'console   http://localhost:3000/console'],
  ['no console where it is off', { CONSOLE: 'off' }, 'auth      http://localhost:3000 '],
])('the addresses name %s', (_, more, first) => {
  const apps = findApps(ROOT);
  const settings = new StackSettings(apps, { DATABASE_URL: 'postgres://db/auth', ...more }, '');
  const text = welcome({ apps, settings, stack: {} as Stack, logDir: '', seconds: 1 });
  const addresses = text.split('\n').filter((line) => line.includes('http://localhost'));
  expect(addresses[0]?.trim().startsWith(first), addresses[0]).toBe(true);
  expect(text).toContain('ada@example.com');
});

it.each([
  'postgres://app:the-password@db-1,db-2/auth',
  'postgres://db/auth?user=app&password=the-password',
])('shows nothing of %s', (DATABASE_URL) => {
  const apps = findApps(ROOT);
  const settings = new StackSettings(apps, { DATABASE_URL }, '');
  const text = welcome({ apps, settings, stack: {} as Stack, logDir: '', seconds: 1 });
  expect(text).toContain('Postgres  that of DATABASE_URL');
  expect(text).not.toContain('the-password');
});
