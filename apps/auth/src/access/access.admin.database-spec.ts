import { beforeAll, describe, expect, it } from 'vitest';

import { AuthApp, PASSWORD, type Answer, type ProblemBody } from '../testing/auth-app.fixture.js';
import type { ResourceAnswer, RoleAnswer } from './access.schema.js';
import development from './development.json' with { type: 'json' };

const ISSUER = 'https://auth.example.com';

const auth = AuthApp.forFile({ SEED_DEMO: 'on', ISSUER });
let admin: string;
beforeAll(async () => {
  ({ access_token: admin } = await auth.login('admin@example.com'));
});

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

const call = <Body = ProblemBody>(method: Method, path: string, body?: unknown) =>
  auth.call<Body>(method, `/admin/${path}`, { token: admin, body });
const at = (audience: string) => `resources/${encodeURIComponent(audience)}`;
const scope = (name: string, description = '') => ({ name, description });
const audited = (subject: string) =>
  auth.dataSource.query<object[]>(
    `SELECT action, actor IS NOT NULL AS "hasActor", detail FROM audit_events
     WHERE subject = $1 ORDER BY id`,
    [subject],
  );

interface List<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

describe('resources', () => {
  it('are those of the seed and auth itself at first, by audience', async () => {
    const { body } = await call<List<ResourceAnswer>>('GET', 'resources');
    const seeded: ResourceAnswer[] = development.resources.map((resource) => ({
      audience: 'api',
      ...resource,
      builtIn: false,
    }));
    const ofAuth = {
      audience: ISSUER,
      builtIn: true,
      scopes: [
        scope('admin', expect.any(String) as string),
        scope('account', expect.any(String) as string),
      ],
    };
    const items = [...seeded, ofAuth].toSorted((one, other) =>
      one.audience < other.audience ? -1 : 1,
    );
    expect(items[0]?.scopes[0]).toEqual(scope('orders:read', 'Read orders'));
    expect(body).toEqual({ items, nextCursor: null });
  });

  it('are added, changed and removed, each with its audit event', async () => {
    const audience = 'https://billing.example.com/v1?a=b#c';
    const scopes = ['bills:read', scope('bills:pay', 'Pay a bill')];
    const added = await call<ResourceAnswer>('POST', 'resources', { audience, scopes });
    const stored = [scope('bills:read'), scope('bills:pay', 'Pay a bill')];
    expect(added).toMatchObject({
      status: 201,
      body: { audience, scopes: stored, builtIn: false },
    });
    const again = await call('POST', 'resources', { audience, scopes });
    expect(again).toMatchObject({ status: 409, body: { code: 'conflict' } });
    const change = { audience, scopes: ['bills:read', 'bills:file'] };
    expect(await call<ResourceAnswer>('PUT', at(audience), change)).toMatchObject({
      status: 200,
      body: { scopes: [scope('bills:read'), scope('bills:file')] },
    });
    expect((await call('PUT', at(audience), change)).status).toBe(200);
    expect((await call('DELETE', at(audience))).status).toBe(204);
    expect(await call('DELETE', at(audience))).toMatchObject({ status: 404 });
    expect(await call('PUT', at(audience), change)).toMatchObject({ status: 404 });
    expect(await audited(audience)).toMatchObject([
      { action: 'resource.created', hasActor: true },
      { action: 'resource.changed', detail: { removed: ['bills:pay'], revoked: 0 } },
      { action: 'resource.deleted', detail: { removed: ['bills:read', 'bills:file'] } },
    ]);
  });

  it('may have an audience of any text, up to 255 characters', async () => {
    const audience = '/€'.repeat(127);
    expect((await call('POST', 'resources', { audience, scopes: [] })).status).toBe(201);
    expect((await call('PUT', at(audience), { scopes: ['a'] })).status).toBe(200);
    expect((await call('DELETE', at(audience))).status).toBe(204);
  });

  it('take their scopes from roles, unless another resource has one of the name', async () => {
    await call('POST', 'resources', { audience: 'one', scopes: ['print', 'scan'] });
    await call('POST', 'resources', { audience: 'two', scopes: ['scan'] });
    await call('POST', 'roles', { name: 'printer', scopes: ['scan', 'print', 'orders:read'] });
    expect((await call('DELETE', at('one'))).status).toBe(204);
    expect((await role('printer'))?.scopes).toEqual(['scan', 'orders:read']);
    expect((await call('DELETE', at('two'))).status).toBe(204);
    expect((await role('printer'))?.scopes).toEqual(['orders:read']);
  });

  it.each<[string, Method, string, unknown, number]>([
    ['auth itself twice', 'POST', 'resources', { audience: ISSUER, scopes: [] }, 409],
    ['auth itself without its scopes', 'PUT', at(ISSUER), { scopes: ['admin'] }, 409],
    ['no auth', 'DELETE', at(ISSUER), undefined, 409],
    ['a scope of auth', 'POST', 'resources', { audience: 'x', scopes: ['admin'] }, 400],
    ['a scope of auth later', 'PUT', at('api'), { scopes: ['account'] }, 400],
    ['no audience', 'POST', 'resources', { audience: ' ', scopes: [] }, 400],
    ['a long audience', 'POST', 'resources', { audience: 'x'.repeat(256), scopes: [] }, 400],
    ['an audience that no path can name', 'POST', 'resources', { audience: '..', scopes: [] }, 400],
    ['NUL in the audience', 'POST', 'resources', { audience: 'a\0', scopes: [] }, 400],
    ['half a character', 'POST', 'resources', { audience: 'a\ud800', scopes: [] }, 400],
    ['no scopes', 'POST', 'resources', { audience: 'x' }, 400],
    ['a scope with a space', 'POST', 'resources', { audience: 'x', scopes: ['a b'] }, 400],
    ['a scope twice', 'POST', 'resources', { audience: 'x', scopes: ['a', scope('a')] }, 400],
    ['a number', 'POST', 'resources', { audience: 'x', scopes: [1] }, 400],
    ['another member', 'POST', 'resources', { audience: 'x', scopes: [], y: 1 }, 400],
    [
      '201 scopes',
      'POST',
      'resources',
      { audience: 'x', scopes: [...Array(201).keys()].map(String) },
      400,
    ],
    ['another audience than in the path', 'PUT', at('api'), { audience: 'b', scopes: [] }, 400],
    ['an unknown audience', 'PUT', at('nothing'), { scopes: [] }, 404],
  ])('refuse %s', async (_, method, path, body, status) => {
    expect((await call(method, path, body)).status).toBe(status);
  });
});

async function role(name: string): Promise<RoleAnswer | undefined> {
  const { body } = await call<List<RoleAnswer>>('GET', 'roles?limit=100');
  return body.items.find((each) => each.name === name);
}

describe('roles', () => {
  it('are user and admin at first, which cannot be removed', async () => {
    expect(await role('user')).toEqual({
      name: 'user',
      scopes: development.roles.find(({ name }) => name === 'user')?.scopes,
      requiresMfa: false,
      builtIn: true,
    });
    expect(await role('admin')).toEqual({
      ...{ name: 'admin', scopes: ['admin'], requiresMfa: false, builtIn: true },
    });
    for (const name of ['user', 'admin']) {
      expect(await call('DELETE', `roles/${name}`)).toMatchObject({ status: 409 });
    }
  });

  it('are added, given to users, changed and removed, each with its audit event', async () => {
    const name = 'Clerk_1';
    const added = await call<RoleAnswer>('POST', 'roles', { name, scopes: ['orders:read'] });
    expect(added).toMatchObject({ status: 201, body: { name, builtIn: false } });
    expect(await call('POST', 'roles', { name, scopes: [] })).toMatchObject({ status: 409 });
    const email = 'clerk@example.com';
    const roles = ['admin', name];
    await call('POST', 'users', { email, password: PASSWORD, roles });
    expect((await auth.login(email)).scope).toBe('admin orders:read account');
    const wider = { scopes: ['orders:read', 'orders:write'] };
    expect(await call('PUT', `roles/${name}`, wider)).toMatchObject({ status: 200, body: wider });
    expect((await auth.login(email)).scope).toContain('orders:write');
    expect((await call('DELETE', `roles/${name}`)).status).toBe(204);
    expect((await auth.login(email)).scope).toBe('admin account');
    // One of the same name is another one.
    await call('POST', 'roles', { name, scopes: ['orders:read'] });
    expect((await auth.login(email)).scope).toBe('admin account');
    expect(await audited(name)).toMatchObject([
      {
        action: 'role.created',
        hasActor: true,
        detail: { scopes: ['orders:read'], requiresMfa: false },
      },
      { action: 'role.changed', detail: { removed: [], revoked: 0 } },
      { action: 'role.deleted' },
      { action: 'role.created' },
    ]);
  });

  it.each<[string, Method, string, unknown, number]>([
    ['an admin without the scope admin', 'PUT', 'roles/admin', { scopes: ['account'] }, 409],
    ['a scope that there is not', 'POST', 'roles', { name: 'x', scopes: ['none'] }, 400],
    ['such a scope later', 'PUT', 'roles/user', { scopes: ['none'] }, 400],
    ['a scope twice', 'POST', 'roles', { name: 'x', scopes: ['admin', 'admin'] }, 400],
    ['201 scopes', 'POST', 'roles', { name: 'x', scopes: Array(201).fill('admin') }, 400],
    ['a huge body', 'POST', 'roles', { name: 'x', scopes: ['x'.repeat(131_072)] }, 413],
    ['no name', 'POST', 'roles', { name: '', scopes: [] }, 400],
    ['a name with a space', 'POST', 'roles', { name: 'a b', scopes: [] }, 400],
    ['a long name', 'POST', 'roles', { name: 'x'.repeat(65), scopes: [] }, 400],
    ['another member', 'POST', 'roles', { name: 'x', scopes: [], users: [] }, 400],
    ['another name than in the path', 'PUT', 'roles/user', { name: 'admin', scopes: [] }, 400],
    ['a name that there is not', 'PUT', 'roles/constructor', { scopes: [] }, 404],
    ['to remove what there is not', 'DELETE', 'roles/nobody', undefined, 404],
  ])('refuse %s', async (_, method, path, body, status) => {
    expect((await call(method, path, body)).status).toBe(status);
  });

  it('name the scope and its place in a refusal', async () => {
    const scopes = ['orders:read', 'none', 'admin', 'nothing'];
    const { body } = await call('POST', 'roles', { name: 'x', scopes });
    expect(body).toMatchObject({
      code: 'invalid_input',
      errors: [{ path: 'scopes.1' }, { path: 'scopes.3' }],
    });
  });

  it('that there are not cannot be given to a user', async () => {
    const user = { email: 'nobody@example.com', password: PASSWORD, roles: ['user', 'toString'] };
    expect(await call('POST', 'users', user)).toMatchObject({
      status: 400,
      body: { code: 'invalid_input', errors: [{ path: 'roles.1' }] },
    });
  });
});

describe.each(['resources', 'roles'])('the list of %s', (list) => {
  it('shows each of hundreds once, page by page', async () => {
    await auth.dataSource.query(
      `INSERT INTO ${list} SELECT 'p' || lpad(n::text, 3, '0'), '${list === 'roles' ? '{}' : '[]'}'
       FROM generate_series(1, 250) AS n`,
    );
    const seen: string[] = [];
    let cursor = '';
    do {
      const query = `limit=99${cursor && `&cursor=${cursor}`}`;
      const { body } = await call<List<{ audience?: string; name?: string }>>(
        'GET',
        `${list}?${query}`,
      );
      seen.push(...body.items.map(({ audience, name }) => audience ?? name ?? ''));
      cursor = body.nextCursor ?? '';
    } while (cursor !== '');
    expect(seen).toEqual([...new Set(seen)].sort());
    expect(seen.length).toBeGreaterThan(250);
  });

  it('is for administrators, also its changes', async () => {
    const { access_token: token } = await auth.login('ada@example.com');
    const statuses: Promise<Answer<unknown>>[] = [
      auth.call('GET', `/admin/${list}`, { token }),
      auth.call('POST', `/admin/${list}`, { token, body: {} }),
      auth.call('PUT', `/admin/${list}/x`, { token, body: {} }),
      auth.call('DELETE', `/admin/${list}/x`, { token }),
    ];
    expect((await Promise.all(statuses)).map(({ status }) => status)).toEqual(Array(4).fill(403));
    expect((await auth.call('GET', `/admin/${list}`)).status).toBe(401);
  });
});

describe('what a client is registered for', () => {
  const client = (traits: object) =>
    call('POST', 'clients', { name: 'x', grants: ['client_credentials'], ...traits });

  it.each([
    [{ scopes: ['none'] }, ['scopes.0']],
    [
      { scopes: ['orders:read', 'none'], audiences: ['api', 'nothing'] },
      ['audiences.1', 'scopes.1'],
    ],
    [{ scopes: ['orders:read'], audiences: ['https://auth.example.com'] }, ['scopes.0']],
    [{ scopes: ['orders:read'], audiences: ['constructor'] }, ['audiences.0', 'scopes.0']],
  ])('must be there: %j', async (traits, paths) => {
    const { status, body } = await client(traits);
    expect(status).toBe(400);
    expect(body.errors?.map(({ path }) => path)).toEqual(paths);
  });

  it('can be a scope of auth itself', async () => {
    expect((await client({ scopes: ['admin', 'orders:read'] })).status).toBe(201);
    expect((await client({ scopes: ['account'], audiences: [ISSUER] })).status).toBe(201);
  });
});
