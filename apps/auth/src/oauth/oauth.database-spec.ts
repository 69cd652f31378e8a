import { beforeAll, describe, expect, it, vi } from 'vitest';

import { ClientAuthenticationService } from '../clients/client-authentication.service.js';
import type { CreatedClient } from '../clients/clients.schema.js';
import { AuthApp, PASSWORD, type Answer } from '../testing/auth-app.fixture.js';

const auth = AuthApp.forFile({ SEED_DEMO: 'on' });
let admin: string;
beforeAll(async () => {
  ({ access_token: admin } = await auth.login('admin@example.com'));
});
/** May do everything that a client can. */
let service: CreatedClient;
/** May ask for tokens of its own. */
let caller: CreatedClient;

beforeAll(async () => {
  const all = ['client_credentials', 'refresh_token', 'introspect'];
  service = await newClient(all, ['orders:read', 'orders:write']);
  caller = await newClient(['client_credentials'], ['orders:read']);
});

type OAuthBody = Record<string, unknown>;
type Fields = Record<string, string>;

async function newClient(grants: string[], scopes: string[]): Promise<CreatedClient> {
  const body = { name: 'a service', grants, scopes };
  return (await auth.call<CreatedClient>('POST', '/admin/clients', { token: admin, body })).body;
}

const basicOf = (id: string, secret: string) =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
const basic = ({ id, secret }: CreatedClient) => basicOf(id, secret);
const posted = ({ id, secret }: CreatedClient) => ({ client_id: id, client_secret: secret });

const post = (
  path: string,
  fields: Fields | string,
  authorization?: string,
): Promise<Answer<OAuthBody>> =>
  auth.call<OAuthBody>('POST', `/oauth/${path}`, {
    body: new URLSearchParams(fields).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(authorization !== undefined && { authorization }),
    },
  });

const ownToken = async (client: CreatedClient) =>
  String(
    (await post('token', { grant_type: 'client_credentials' }, basic(client))).body.access_token,
  );
const introspect = async (token: string) =>
  (await post('introspect', { token }, basic(service))).body;
const payloadOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as OAuthBody;
const outcome = ({ status, body }: Answer<OAuthBody>) => [status, body?.error];

describe('client_credentials', () => {
  it('gives nothing to a client that loses the grant while it asks', async () => {
    const client = await newClient(['client_credentials', 'introspect'], ['orders:read']);
    const authentication = auth.get(ClientAuthenticationService);
    const authenticate = authentication.authenticate.bind(authentication);
    const between = vi.spyOn(authentication, 'authenticate');
    between.mockImplementationOnce(async (...given) => {
      const authenticated = await authenticate(...given);
      const body = { grants: ['introspect'] };
      await auth.call('PATCH', `/admin/clients/${client.id}`, { token: admin, body });
      return authenticated;
    });
    const answer = await post('token', { grant_type: 'client_credentials' }, basic(client));
    between.mockRestore();
    expect(outcome(answer)).toEqual([400, 'unauthorized_client']);
  });

  it.each(['basic', 'post'])(
    'gives a token of its own to a client that uses %s',
    async (method) => {
      const grant = { grant_type: 'client_credentials', unknown: 'ignored' };
      const { status, headers, body } =
        method === 'basic'
          ? await post('token', grant, basic(service))
          : await post('token', { ...grant, ...posted(service) });
      expect(status).toBe(200);
      expect(headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' });
      const { access_token: token, ...rest } = body;
      expect(rest).toEqual({
        ...{ token_type: 'Bearer', expires_in: 900, scope: 'orders:read orders:write' },
      });
      const { sub, client_id: clientId, sid, roles } = payloadOf(String(token));
      expect([sub, clientId, sid, roles]).toEqual([service.id, service.id, undefined, []]);
    },
  );

  it('narrows the scope as asked, and no further than the client may', async () => {
    const ask = (scope: string) =>
      post('token', { grant_type: 'client_credentials', scope }, basic(service));
    expect((await ask('orders:write')).body.scope).toBe('orders:write');
    // As at every other place that takes a scope.
    expect((await ask(' orders:read  orders:write ')).body.scope).toBe('orders:read orders:write');
    for (const scope of ['admin', 'orders:read admin', ' ']) {
      expect(outcome(await ask(scope))).toEqual([400, 'invalid_scope']);
    }
  });

  it('is refused to a client that is not registered for it', async () => {
    const other = await newClient(['introspect'], []);
    const answer = await post('token', { grant_type: 'client_credentials' }, basic(other));
    expect(outcome(answer)).toEqual([400, 'unauthorized_client']);
  });

  it('ends with the client, and so do its tokens', async () => {
    const doomed = await newClient(['client_credentials'], []);
    const token = await ownToken(doomed);
    expect(await introspect(token)).toMatchObject({ active: true, client_id: doomed.id });
    await auth.call('DELETE', `/admin/clients/${doomed.id}`, { token: admin });
    expect(await introspect(token)).toEqual({ active: false });
    const again = await post('token', { grant_type: 'client_credentials' }, basic(doomed));
    expect(outcome(again)).toEqual([401, 'invalid_client']);
  });
});

describe('a client', () => {
  const grant = { grant_type: 'client_credentials' };

  it.each<[string, () => [Fields, string?]]>([
    // threat:timing-attacks
    ['a wrong secret', () => [grant, basicOf(caller.id, service.secret)]],
    ['an unknown id', () => [grant, basicOf('nobody', 'secret')]],
    ['no secret', () => [grant, basicOf(caller.id, '')]],
    ['no colon', () => [grant, `Basic ${Buffer.from(caller.id).toString('base64')}`]],
    ['an encoding that is none', () => [grant, basicOf('%zz', 'secret')]],
    ['another scheme', () => [grant, `Bearer ${caller.secret}`]],
    ['nothing', () => [grant]],
    ['its id alone', () => [{ ...grant, client_id: caller.id }]],
    ['its secret alone', () => [{ ...grant, client_secret: caller.secret }]],
    ['the id of the public client', () => [{ ...grant, client_id: 'web' }]],
    ['a wrong secret in the form', () => [{ ...grant, ...posted(caller), client_secret: 'x' }]],
  ])('with %s is challenged', async (_what, request) => {
    const answer = await post('token', ...request());
    expect(outcome(answer)).toEqual([401, 'invalid_client']);
    expect(answer.headers['www-authenticate']).toMatch(/^Basic realm=/);
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('that uses both methods is refused', async () => {
    const answer = await post('token', { ...grant, ...posted(caller) }, basic(caller));
    expect(outcome(answer)).toEqual([400, 'invalid_request']);
  });

  it('may repeat its own id in the form, and no other', async () => {
    const say = (id: string) => post('token', { ...grant, client_id: id }, basic(caller));
    expect((await say(caller.id)).status).toBe(200);
    expect(outcome(await say(service.id))).toEqual([400, 'invalid_request']);
  });

  it('encodes its id and secret before they are joined', async () => {
    const encoded = caller.id.replaceAll('-', '%2D');
    expect((await post('token', grant, basicOf(encoded, caller.secret))).status).toBe(200);
  });
});

describe('a request', () => {
  it.each([
    ['no grant', 'scope=a', [400, 'invalid_request']],
    ['an empty grant', 'grant_type=', [400, 'invalid_request']],
    ['the password grant', 'grant_type=password', [400, 'unsupported_grant_type']],
    ['a parameter twice', 'grant_type=a&grant_type=a', [400, 'invalid_request']],
    ['a parameter twice, the second empty', 'grant_type=a&grant_type=', [400, 'invalid_request']],
    ['the id of a client twice', 'grant_type=a&client_id=a&client_id=a', [400, 'invalid_request']],
    ['a secret twice', 'grant_type=a&client_secret=a&client_secret=', [400, 'invalid_request']],
    ['a scope twice', 'grant_type=a&scope=a&scope=b', [400, 'invalid_request']],
    ['no refresh token', 'grant_type=refresh_token', [400, 'invalid_request']],
    ['more than a body holds', `x=${'x'.repeat(17_000)}`, [413, 'invalid_request']],
  ])('with %s is refused in the words of RFC 6749', async (_what, form, expected) => {
    const answer = await post('token', form);
    expect(outcome(answer)).toEqual(expected);
    expect(Object.keys(answer.body)).toEqual(['error', 'error_description']);
    expect(answer.headers['content-type']).toMatch('application/json');
  });

  it.each([
    'x=1&x=2',
    'x=&x=',
    'token=a&token=b',
    'SCOPE=a&SCOPE=b',
    '__proto__=a&__proto__=b',
    '&&=',
  ])('ignores what the endpoint does not know: %s', async (unknown) => {
    const form = `grant_type=client_credentials&${unknown}`;
    expect((await post('token', form, basic(service))).status).toBe(200);
    const asked = `token=nothing&${unknown.replaceAll('token', 'grant_type')}`;
    expect((await post('introspect', asked, basic(service))).body).toEqual({ active: false });
    expect((await post('revoke', asked)).status).toBe(200);
  });

  it.each([
    ['application/json', '{"grant_type":"refresh_token"}', 400],
    ['application/json', '{', 400],
    ['text/plain', 'grant_type=refresh_token', 415],
  ])('as %s is refused', async (type, body, status) => {
    const headers = { 'content-type': type };
    const answer = await auth.call<OAuthBody>('POST', '/oauth/token', { body, headers });
    expect(outcome(answer)).toEqual([status, 'invalid_request']);
  });

  it('under /oauth/ that nothing answers to is refused in the same form', async () => {
    expect(outcome(await auth.call<OAuthBody>('GET', '/oauth/token'))).toEqual([
      404,
      'invalid_request',
    ]);
  });

  it('under /oauth/ with an invalid address is refused in the same form', async () => {
    const answer = await auth.call<OAuthBody>('GET', '/oauth/%ff');
    expect(outcome(answer)).toEqual([400, 'invalid_request']);
    expect(answer.headers['x-request-id']).toBeDefined();
  });

  it('elsewhere takes no form, and is answered with a problem', async () => {
    const answer = await auth.call('POST', '/auth/refresh', {
      body: 'refresh_token=x',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(answer).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
  });

  it('that fails for an unknown reason reveals nothing, and is logged', async () => {
    const { access_token: token } = await auth.login('ada@example.com');
    await auth.dataSource.query('ALTER TABLE audit_events RENAME TO hidden');
    const answer = await post('revoke', { token });
    await auth.dataSource.query('ALTER TABLE hidden RENAME TO audit_events');
    expect(outcome(answer)).toEqual([500, 'server_error']);
    expect(JSON.stringify(answer.body)).not.toContain('audit_events');
    expect(auth.log.join()).toContain('audit_events');
    // What failed is undone.
    expect(await introspect(token)).toMatchObject({ active: true });
  });
});

describe('refresh_token', () => {
  const refresh = (token: string, fields: Fields = {}, authorization?: string) =>
    post('token', { grant_type: 'refresh_token', refresh_token: token, ...fields }, authorization);

  it.each<[string, () => [Fields?, string?]]>([
    ['nobody in particular', () => []],
    ['the public client', () => [{ client_id: 'web' }]],
    ['a client that is registered for it', () => [{}, basic(service)]],
  ])('is for %s', async (_who, as) => {
    const { refresh_token: token } = await auth.login('ada@example.com', PASSWORD);
    const { status, body } = await refresh(token, ...as());
    expect(status).toBe(200);
    expect(payloadOf(String(body.access_token)).client_id).toBe('web');
    expect(body.refresh_token).not.toBe(token);
  });

  it('is refused to a client that is not registered for it, and keeps the token', async () => {
    const { refresh_token: token } = await auth.login('ada@example.com');
    expect(outcome(await refresh(token, {}, basic(caller)))).toEqual([400, 'unauthorized_client']);
    expect((await refresh(token)).status).toBe(200);
  });

  it('is refused with a token that nobody made', async () => {
    expect(outcome(await refresh('x'.repeat(43)))).toEqual([400, 'invalid_grant']);
  });
});

describe('introspection', () => {
  it('says of a valid token what it says itself', async () => {
    const { access_token: token } = await auth.login('ada@example.com');
    expect(await introspect(token)).toEqual({
      ...{ ...payloadOf(token), active: true, token_type: 'Bearer' },
    });
  });

  it.each(['', 'x', 'x.y.z'])('says nothing of others, like %j', async (prefix) => {
    const { refresh_token: token } = await auth.login('ada@example.com');
    expect(await introspect(prefix + token)).toEqual({ active: false });
  });

  it('is for clients that may ask', async () => {
    expect(outcome(await post('introspect', { token: 'x' }))).toEqual([401, 'invalid_client']);
    const answer = await post('introspect', { token: 'x' }, basic(caller));
    expect(outcome(answer)).toEqual([403, 'unauthorized_client']);
  });
});
