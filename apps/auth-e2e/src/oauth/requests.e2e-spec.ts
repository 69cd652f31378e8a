import { request } from 'node:http';
import { DEMO, call, type Answer } from '@jwt-auth/dev-stack';

import { beforeAll, describe, expect, it } from 'vitest';

import { newSession } from '../users.js';
import { basic, FORM, OAuthStack, posted, type NewClient, type OAuthBody } from './oauth-stack.js';

let stack: OAuthStack;
let service: NewClient;

beforeAll(async () => {
  stack = await OAuthStack.start();
  service = await stack.newClient();
});

const ENDPOINTS = ['token', 'revoke', 'introspect'];
const GRANT = { grant_type: 'client_credentials' };
const error = ({ status, body }: Answer<OAuthBody>) => [status, body?.['error']];

/** In the form of RFC 6749 section 5.2 and no other, for no cache. */
function expectOAuthError(answer: Answer<OAuthBody>, status: number, code: string): void {
  expect(error(answer)).toEqual([status, code]);
  expect(Object.keys(answer.body)).toEqual(['error', 'error_description']);
  // RFC 6749 section 5.2: a few characters of ASCII.
  expect(answer.body['error_description']).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/);
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('x-request-id')).toBeTruthy();
}

const send = (endpoint: string, body: string, type = FORM, authorization = basic(service)) =>
  call(`${stack.issuer}/oauth/${endpoint}`, {
    ...{ method: 'POST', body, headers: { 'content-type': type, authorization } },
  });

describe.each(ENDPOINTS)('/oauth/%s refuses', (endpoint) => {
  const form = 'grant_type=client_credentials&token=x';

  it.each<[string, number, string, string]>([
    ['JSON', 400, JSON.stringify({ ...GRANT, token: 'x' }), 'application/json'],
    ['JSON that is none', 400, '{', 'application/json'],
    ['plain text', 415, form, 'text/plain'],
    ['no parameters', 400, '', FORM],
    ['parameters without a value', 400, 'grant_type=&token=', FORM],
    ['a parameter twice', 400, `${form}&${form}`, FORM],
    ['a parameter twice, one of them empty', 400, `${form}&token=&grant_type=`, FORM],
    ['its own client id twice', 400, `${form}&${'client_id=x&'.repeat(2)}`, FORM],
    ['a body of more than 16 KiB', 413, `${form}&x=${'x'.repeat(16 * 1024)}`, FORM],
    ['a hundred thousand parameters', 413, `${form}&${'a&'.repeat(100_000)}`, FORM],
  ])('%s with %i', async (_what, status, body, type) => {
    expectOAuthError(await send(endpoint, body, type), status, 'invalid_request');
  });

  it('no request for parameters that it does not know, even twice', async () => {
    const unknown = 'x=1&x=2&nonce=&nonce=&username=a&username=b';
    expect((await send(endpoint, `${form}&${unknown}`)).status).toBe(200);
  });

  it('a body that is no form, and no body at all', async () => {
    const url = `${stack.issuer}/oauth/${endpoint}`;
    const headers = { authorization: basic(service) };
    const none = await call(url, { method: 'POST', headers });
    expectOAuthError(none, 400, 'invalid_request');
    const multipart = await fetch(url, { method: 'POST', headers, body: new FormData() });
    expect(multipart.status).toBe(415);
    expect(await multipart.json()).toMatchObject({ error: 'invalid_request' });
  });

  it('the parameters of a query, and another method', async () => {
    expectOAuthError(await send(`${endpoint}?${form}`, ''), 400, 'invalid_request');
    const got = await call(`${stack.issuer}/oauth/${endpoint}?${form}`);
    expectOAuthError(got, 404, 'invalid_request');
  });

  it('a client whose secret is wrong, with a challenge', async () => {
    for (const authorization of [basic({ ...service, secret: 'wrong' }), 'Basic !', 'Bearer x']) {
      const answer = await send(endpoint, form, FORM, authorization);
      expectOAuthError(answer, 401, 'invalid_client');
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="[^"]+"/);
    }
  });

  it('two ways of authentication, and two headers of one', async () => {
    const fields = { ...GRANT, token: 'x' };
    const both = await stack.post(endpoint, { ...fields, ...posted(service) }, basic(service));
    expectOAuthError(both, 400, 'invalid_request');
    const two = await withHeaders(endpoint, form, [basic(service), basic(service)]);
    expect(two).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  it('no page of another site gets a token', async () => {
    const url = `${stack.issuer}/oauth/${endpoint}`;
    const origin = 'https://evil.example.com';
    const asked = await fetch(url, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    });
    const headers = { origin, 'content-type': FORM, authorization: basic(service) };
    const sent = await fetch(url, { method: 'POST', headers, body: form });
    for (const answer of [asked, sent]) {
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});

/** fetch joins headers of one name; a client that is up to something does not. */
function withHeaders(endpoint: string, form: string, authorization: string[]) {
  return new Promise<{ status?: number; body: unknown }>((resolve, reject) => {
    const headers = { 'content-type': FORM, Authorization: authorization };
    const url = `${stack.issuer}/oauth/${endpoint}`;
    const outgoing = request(url, { method: 'POST', headers });
    outgoing.on('error', reject).on('response', (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (part: string) => (text += part));
      incoming.on('end', () => resolve({ status: incoming.statusCode, body: JSON.parse(text) }));
    });
    outgoing.end(form);
  });
}

describe('client authentication', () => {
  it('decodes both parts of Basic as form fields (RFC 6749 section 2.3.1)', async () => {
    const encode = (text: string) =>
      [...text].map((char) => `%${char.charCodeAt(0).toString(16)}`).join('');
    const encoded = { id: encode(service.id), secret: encode(service.secret) };
    expect((await stack.post('token', GRANT, basic(encoded))).status).toBe(200);
    const scheme = basic(service).replace('Basic', 'bASIC');
    expect((await stack.post('token', GRANT, scheme)).status).toBe(200);
  });

  it.each([
    ['a sign that encodes nothing', '%zz', 'secret'],
    ['bytes that are no UTF-8', '%ff', 'secret'],
    ['NUL', '%00', '%00'],
    ['a statement', `${encodeURIComponent("' OR true --")}`, 'secret'],
    ['a very long id', 'x'.repeat(8_000), 'secret'],
  ])('treats %s as an unknown client', async (_what, id, secret) => {
    expectOAuthError(
      await stack.post('token', GRANT, basic({ id, secret })),
      401,
      'invalid_client',
    );
  });

  it('does not read credentials in the query', async () => {
    const query = new URLSearchParams(posted(service));
    expectOAuthError(await stack.post(`token?${query.toString()}`, GRANT), 401, 'invalid_client');
  });
});

describe('the token endpoint', () => {
  it('ignores parameters that it does not know', async () => {
    const answer = await stack.post('token', { ...GRANT, hint: 'x', x: 'y' }, basic(service));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('pragma')).toBe('no-cache');
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(Object.keys(answer.body).sort()).toEqual([
      ...['access_token', 'expires_in', 'scope', 'token_type'],
    ]);
  });

  it.each([
    'password',
    'authorization_code',
    'implicit',
    'CLIENT_CREDENTIALS',
    'urn:ietf:params:oauth:grant-type:token-exchange',
    'urn:ietf:params:oauth:grant-type:jwt-bearer',
    'urn:ietf:params:oauth:grant-type:device_code',
    'toString',
    'introspect',
  ])('refuses the grant %s', async (grant) => {
    const user = { username: DEMO.ada.email, password: DEMO.password };
    const form = { ...user, grant_type: grant };
    expectOAuthError(await stack.post('token', form), 400, 'unsupported_grant_type');
    const asClient = await stack.post('token', form, basic(service));
    expectOAuthError(asClient, 400, 'unsupported_grant_type');
  });

  it.each([
    ['of administrators', 'admin'],
    ['that does not exist', 'nothing:read'],
    ['in another case', 'ORDERS:READ'],
    ['beside a good one', 'orders:read nothing:read'],
    ['with a sign that none has', 'orders:read"'],
    ['with a tab', 'orders:read\torders:read'],
    ['of spaces', '  '],
  ])('gives no scope %s', async (_what, scope) => {
    const answer = await stack.post('token', { ...GRANT, scope }, basic(service));
    expectOAuthError(answer, 400, 'invalid_scope');
  });

  it('takes a scope that is asked for twice as one', async () => {
    const scope = 'orders:read orders:read';
    const { body } = await stack.post('token', { ...GRANT, scope }, basic(service));
    expect(body['scope']).toBe('orders:read');
  });

  it.each([
    ['an access token', async () => (await newSession(stack.issuer)).access_token],
    ['an unknown token', async () => 'A'.repeat(43)],
    ['a long text', async () => 'A'.repeat(10_000)],
  ])('refreshes nothing for %s', async (_what, token) => {
    const form = { grant_type: 'refresh_token', refresh_token: await token() };
    for (const as of [undefined, basic(service)]) {
      expectOAuthError(await stack.post('token', form, as), 400, 'invalid_grant');
    }
  });
});
