import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startHttpApp, type RunningHttpApp } from './http-app.fixture.js';

const PAGE = 'https://app.example.com';
const OTHER_PAGE = 'http://localhost:5173';

let open: RunningHttpApp;
let closed: RunningHttpApp;
beforeAll(async () => {
  [open, closed] = await Promise.all([
    startHttpApp({ cors: { origins: [PAGE, OTHER_PAGE], credentials: true } }),
    startHttpApp(),
  ]);
});
afterAll(() => Promise.all([open.app.close(), closed.app.close()]));

const EXPOSED = 'x-request-id, WWW-Authenticate, Retry-After';
const CORS = ['allow-origin', 'allow-credentials', 'expose-headers', 'allow-methods', 'max-age'];

const corsOf = ({ headers }: Response) => ({
  origin: headers.get('access-control-allow-origin'),
  exposed: headers.get('access-control-expose-headers'),
  credentials: headers.get('access-control-allow-credentials'),
  vary: headers.get('vary'),
});

const preflight = (origin: string, path = '/notes') =>
  fetch(`${open.base}${path}`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'authorization,idempotency-key',
    },
  });

const answers: [string, string, RequestInit, number][] = [
  ['a success', '/notes', {}, 200],
  ['a HEAD', '/notes', { method: 'HEAD' }, 200],
  ['bad input', '/notes', { method: 'POST', headers: { 'content-type': 'application/json' } }, 400],
  ['a body of another type', '/notes', { method: 'POST', body: 'text' }, 415],
  ['an unknown route', '/nowhere', {}, 404],
  ['an id that is too long', `/notes/${'a'.repeat(3200)}`, {}, 404],
  ['an invalid path', '/notes/%ff', {}, 400],
  [
    'too many headers',
    '/notes',
    { headers: Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`x-${at}`, '1'])) },
    431,
  ],
];

describe('a page of a listed origin', () => {
  it.each(answers)('can read %s', async (_name, path, init, status) => {
    const headers = { ...init.headers, origin: OTHER_PAGE };
    const answer = await fetch(`${open.base}${path}`, { ...init, headers });
    expect(answer.status).toBe(status);
    expect(corsOf(answer)).toEqual({
      origin: OTHER_PAGE,
      exposed: EXPOSED,
      credentials: 'true',
      vary: 'Origin',
    });
    expect(answer.headers.get('x-request-id')).toBeTruthy();
  });

  it.each(['/notes', '/nowhere'])('gets an answer to its preflight at %s', async (path) => {
    const answer = await preflight(PAGE, path);
    expect(answer.status).toBe(204);
    expect(corsOf(answer)).toMatchObject({ origin: PAGE, credentials: 'true', vary: 'Origin' });
    const { headers } = answer;
    expect(headers.get('access-control-max-age')).toBe('7200');
    expect(headers.get('access-control-allow-methods')).toBe('GET, HEAD, POST, PUT, PATCH, DELETE');
    expect(headers.get('access-control-allow-headers')?.toLowerCase().split(', ')).toEqual(
      expect.arrayContaining(['authorization', 'content-type', 'idempotency-key', 'prefer']),
    );
    expect(headers.get('x-request-id')).toBeTruthy();
  });
});

describe('any other page', () => {
  it.each([
    'https://evil.example',
    'https://app.example.com.evil.example',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://APP.example.com',
    'null',
    `${PAGE}, ${OTHER_PAGE}`,
  ])('such as %s is allowed nothing, and the answer varies by origin', async (origin) => {
    const get = { headers: { origin } };
    for (const answer of [
      await fetch(`${open.base}/notes`, get),
      await fetch(`${open.base}/notes/%ff`, get),
      await preflight(origin),
    ]) {
      expect(corsOf(answer)).toMatchObject({ origin: null, vary: 'Origin' });
    }
  });

  it.each(answers)('and one without origin gets the same Vary for %s', async (_n, path, init) => {
    const answer = await fetch(`${open.base}${path}`, init);
    expect(corsOf(answer)).toMatchObject({ origin: null, vary: 'Origin' });
  });
});

it('without origins there is no CORS at all', async () => {
  const headers = { origin: PAGE, 'access-control-request-method': 'GET' };
  for (const method of ['GET', 'OPTIONS']) {
    const answer = await fetch(`${closed.base}/notes`, { method, headers });
    expect(answer.status).toBe(method === 'GET' ? 200 : 404);
    expect(answer.headers.get('vary')).toBeNull();
    for (const name of CORS) expect(answer.headers.get(`access-control-${name}`)).toBeNull();
  }
  const invalid = await fetch(`${closed.base}/notes/%ff`, { headers });
  expect(invalid.headers.get('vary')).toBeNull();
});

it('credentials are not allowed unless the service says so', async () => {
  const { app, base } = await startHttpApp({ cors: { origins: [PAGE] } });
  for (const path of ['/notes', '/notes/%ff']) {
    const answer = await fetch(`${base}${path}`, { headers: { origin: PAGE } });
    expect(corsOf(answer)).toMatchObject({ origin: PAGE, credentials: null });
  }
  await app.close();
});
