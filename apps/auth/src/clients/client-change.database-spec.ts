import { afterEach, beforeAll, describe, expect, it } from 'vitest';

import { AuthApp, type Answer } from '../testing/auth-app.fixture.js';
import type { ClientAnswer, CreatedClient } from './clients.schema.js';

const auth = AuthApp.forFile({ SEED_DEMO: 'on' });
let admin: string;
beforeAll(async () => {
  ({ access_token: admin } = await auth.login('admin@example.com'));
});
let witness: CreatedClient;

beforeAll(async () => {
  for (const audience of ['mail', 'files']) {
    const body = { audience, scopes: ['orders:read'] };
    const answer = await auth.call('POST', '/admin/resources', { token: admin, body });
    expect(answer.status).toBe(201);
  }
  witness = await create({ grants: ['introspect'], audiences: ['api', 'mail', 'files'] });
});
afterEach(() => auth.clock.reset());

type OAuthBody = Record<string, unknown>;

async function create(traits: object = {}): Promise<CreatedClient> {
  const grants = ['client_credentials', 'introspect'];
  const body = { name: 'a service', grants, scopes: ['orders:read'], ...traits };
  const answer = await auth.call<CreatedClient>('POST', '/admin/clients', { token: admin, body });
  expect(answer.status).toBe(201);
  return answer.body;
}

const change = (id: string, body: object) =>
  auth.call<ClientAnswer>('PATCH', `/admin/clients/${id}`, { token: admin, body });

function post(
  path: string,
  { id, secret }: CreatedClient,
  fields: Record<string, string>,
): Promise<Answer<OAuthBody>> {
  const form = { ...fields, client_id: id, client_secret: secret };
  return auth.call<OAuthBody>('POST', `/oauth/${path}`, {
    body: new URLSearchParams(form).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
}

async function tokenOf(client: CreatedClient, format = 'jwt'): Promise<string> {
  const form = { grant_type: 'client_credentials', token_format: format };
  return String((await post('token', client, form)).body.access_token);
}
const introspect = async (token: string, as = witness) =>
  (await post('introspect', as, { token })).body;
const auditOf = (id: string) =>
  auth.dataSource.query<{ action: string; detail: object }[]>(
    'SELECT action, detail FROM audit_events WHERE subject = $1 ORDER BY id',
    [id],
  );

describe('the audiences of a client', () => {
  it.each([
    [['mail'], 'mail'],
    [
      ['mail', 'files', 'mail'],
      ['mail', 'files'],
    ],
  ])('%j are those of its tokens, of either kind', async (audiences, aud) => {
    const client = await create({ audiences });
    expect(client.audiences).toEqual([aud].flat());
    for (const format of ['jwt', 'reference']) {
      const token = await tokenOf(client, format);
      expect(await introspect(token)).toMatchObject({ active: true, aud, sub: client.id });
      expect((await auth.call('GET', '/auth/me', { token })).body.code).toBe('token_invalid');
    }
  });

  it('decide which tokens it may ask about', async () => {
    const [mail, api] = [await create({ audiences: ['mail'] }), await create()];
    for (const format of ['jwt', 'reference']) {
      const token = await tokenOf(mail, format);
      expect(await introspect(token, mail)).toMatchObject({ active: true });
      expect(await introspect(token, api)).toEqual({ active: false });
    }
  });

  it('lose a resource that is removed, which a new one of that name does not give back', async () => {
    const resource = { audience: 'short-lived', scopes: ['orders:read'] };
    const addResource = () =>
      auth.call('POST', '/admin/resources', { token: admin, body: resource });
    await addResource();
    const client = await create({ audiences: ['mail', 'short-lived'] });
    await auth.call('DELETE', '/admin/resources/short-lived', { token: admin });
    expect((await change(client.id, { scopes: [] })).body.audiences).toEqual(['mail']);
    await change(client.id, { scopes: ['orders:read'] });
    await addResource();
    const grant = { grant_type: 'client_credentials', resource: 'short-lived' };
    expect((await post('token', client, grant)).body).toMatchObject({ error: 'invalid_target' });
  });

  it('keep the last resource that is removed, without its scopes: none means the default', async () => {
    const body = { audience: 'only', scopes: ['only:read'] };
    await auth.call('POST', '/admin/resources', { token: admin, body });
    const client = await create({ audiences: ['only'], scopes: ['only:read'] });
    await auth.call('DELETE', '/admin/resources/only', { token: admin });
    const all = await auth.call<ClientAnswer[]>('GET', '/admin/clients', { token: admin });
    expect(all.body.find(({ id }) => id === client.id)).toMatchObject({
      audiences: ['only'],
      scopes: [],
    });
  });

  it('do not keep a token from being revoked', async () => {
    const client = await create({ audiences: ['mail', 'files'] });
    for (const format of ['jwt', 'reference']) {
      const token = await tokenOf(client, format);
      expect((await post('revoke', client, { token })).status).toBe(200);
      expect(await introspect(token)).toEqual({ active: false });
    }
  });
});

describe('the claims of a client', () => {
  it('travel in its tokens, and make them reference tokens when they are large', async () => {
    const client = await create({ claims: { tenant: 'blue' } });
    const small = await tokenOf(client);
    expect(small).toContain('.');
    expect(await introspect(small)).toMatchObject({ claims: { tenant: 'blue' } });
    const claims = { list: Array.from({ length: 8_000 }, (_, index) => index) };
    expect((await change(client.id, { claims })).body).toMatchObject({ claims });
    const large = await tokenOf(client);
    expect(large).toHaveLength(43);
    expect(await introspect(large)).toMatchObject({ claims });
  });
});

describe('a change of a client', () => {
  it.each([
    ['scopes', { scopes: ['orders:write', 'orders:write'] }, { scopes: ['orders:write'] }],
    ['claims', { claims: { tenant: 'red' } }, undefined],
    ['audiences', { audiences: ['files'] }, undefined],
    ['grants', { grants: ['client_credentials'] }, undefined],
  ])('of its %s ends the tokens that it has, and no later one', async (trait, body, becomes) => {
    const client = await create();
    const before = [await tokenOf(client), await tokenOf(client, 'reference')];
    const answer = await change(client.id, body);
    expect(answer).toMatchObject({ status: 200, body: becomes ?? body });
    for (const token of before) expect(await introspect(token)).toEqual({ active: false });
    // Within the same second, most probably.
    for (const format of ['jwt', 'reference']) {
      expect(await introspect(await tokenOf(client, format))).toMatchObject({ active: true });
    }
    expect((await auditOf(client.id)).at(-1)).toMatchObject({
      action: 'client.changed',
      detail: { changed: [trait] },
    });
  });

  it('that is of its name, or none at all, ends nothing', async () => {
    const client = await create();
    const token = await tokenOf(client);
    expect((await change(client.id, { name: 'renamed' })).body.name).toBe('renamed');
    const { scopes, grants } = client;
    expect((await change(client.id, { scopes, grants, disabled: false })).status).toBe(200);
    expect((await change(client.id, {})).status).toBe(200);
    expect(await introspect(token)).toMatchObject({ active: true });
    const actions = (await auditOf(client.id)).map(({ action }) => action);
    expect(actions).toEqual(['client.created', 'client.changed']);
  });

  it('disables it, with its tokens, until it is enabled again', async () => {
    const client = await create();
    const token = await tokenOf(client);
    expect((await change(client.id, { disabled: true })).body.disabled).toBe(true);
    expect(await introspect(token)).toEqual({ active: false });
    const grant = { grant_type: 'client_credentials' };
    expect((await post('token', client, grant)).body.error).toBe('invalid_client');
    expect((await post('introspect', client, { token })).status).toBe(401);
    expect((await change(client.id, { disabled: false })).body.disabled).toBe(false);
    expect(await introspect(token)).toEqual({ active: false });
    expect(await introspect(await tokenOf(client))).toMatchObject({ active: true });
  });

  it('never writes its claims into the audit log', async () => {
    const client = await create({ claims: { secret: 'plum' } });
    await change(client.id, { claims: { secret: 'cherry' } });
    expect(JSON.stringify(await auditOf(client.id))).not.toMatch(/plum|cherry/);
  });

  it.each([
    ['a member that there is not', { roles: ['admin'] }, 400],
    ['no audience', { audiences: [] }, 400],
    ['a grant that does not exist', { grants: ['password'] }, 400],
    ['claims over 64 KiB', { claims: { a: 'x'.repeat(65_529) } }, 400],
    ['a huge body', { claims: { a: 'x'.repeat(140_000) } }, 413],
    ['a state that is a text', { disabled: 'yes' }, 400],
  ])('is refused with %s', async (_what, body, status) => {
    expect((await change(witness.id, body)).status).toBe(status);
  });

  it('is not for one that is gone, or never was', async () => {
    const { id } = await create();
    await auth.call('DELETE', `/admin/clients/${id}`, { token: admin });
    expect((await change(id, { disabled: false })).status).toBe(404);
    expect((await change('00000000-0000-4000-8000-000000000000', {})).status).toBe(404);
  });
});
