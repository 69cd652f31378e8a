import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { fillDemo } from './demo.js';

const seen: string[] = [];
let existing: object[] = [];
let failing = '';
let server: Server;

beforeAll(async () => {
  server = createServer((request, response) => {
    const called = `${request.method} ${request.url}`;
    seen.push(called);
    response.statusCode = called === failing ? 500 : 200;
    response.end(JSON.stringify({ access_token: 'a.b.c', items: existing }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => server.close());
beforeEach(() => {
  seen.length = 0;
  existing = [];
  failing = '';
});

const fill = () => {
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return fillDemo({ auth: address, orders: address, password: 'secret' });
};
const login = 'POST /auth/login';

it('makes sessions, orders and a client', async () => {
  await fill();
  expect(seen).toEqual([
    login,
    'GET /orders?limit=1',
    ...['POST /orders', 'POST /orders', 'POST /orders'],
    login,
    login,
    'POST /admin/clients',
    'POST /auth/logout',
  ]);
});

it('makes nothing where there is an order, and leaves no session', async () => {
  existing = [{}];
  await fill();
  expect(seen).toEqual([login, 'GET /orders?limit=1', 'POST /auth/logout']);
});

it('names the call that failed', async () => {
  failing = login;
  await expect(fill()).rejects.toThrow(/^POST http:.*\/auth\/login was answered with 500$/);
});
