import { beforeAll, describe, expect, it } from 'vitest';

import { AuthApp, PASSWORD } from './testing/auth-app.fixture.js';

interface Schema {
  readonly $ref?: string;
  /** One reference, of a body that has a default. */
  readonly allOf?: readonly Schema[];
  readonly additionalProperties?: unknown;
}

interface Document {
  readonly paths: Record<
    string,
    Record<string, { requestBody?: { content: Record<string, { schema: Schema }> } }>
  >;
  readonly components: { readonly schemas: Record<string, Schema> };
}

const auth = AuthApp.forFile({ SEED_DEMO: 'on' });
let admin: string;
beforeAll(async () => {
  ({ access_token: admin } = await auth.login('admin@example.com'));
});

describe('a JSON body of an administrator', () => {
  it('is described as one without other members, on every route', async () => {
    const { body } = await auth.call<Document>('GET', '/docs-json');
    const resolve = (schema: Schema): Schema => {
      const { $ref = '' } = schema.allOf?.[0] ?? schema;
      return body.components.schemas[$ref.replace('#/components/schemas/', '')] ?? schema;
    };
    const bodies = Object.entries(body.paths).flatMap(([path, routes]) =>
      Object.values(path.startsWith('/admin/') ? routes : {}).flatMap(({ requestBody }) => {
        const json = requestBody?.content['application/json'];
        return json ? [{ path, ...resolve(json.schema) }] : [];
      }),
    );
    expect(bodies.length).toBeGreaterThanOrEqual(5);
    for (const { path, additionalProperties } of bodies) {
      expect([path, additionalProperties]).toEqual([path, false]);
    }
  });

  const client = { name: 'x', grants: ['introspect'], scopes: [] };
  const credentials = { email: 'ada@example.com', password: PASSWORD };

  it.each<[string, object, string]>([
    ['POST /admin/clients', client, 'disabled'],
    ['POST /admin/clients', client, 'secret'],
    ['POST /admin/users', credentials, 'disabled'],
    ['POST /admin/revocations', { kind: 'jti', id: 'x' }, 'before'],
  ])('of %s is refused for one more member, and names it', async (route, body, member) => {
    const [method, url] = route.split(' ') as ['POST', string];
    const answer = await auth.call(method, url, {
      token: admin,
      body: { ...body, [member]: true },
    });
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'invalid_input', errors: [{ message: `Unrecognized key: "${member}"` }] },
    });
  });
});

// Public bodies may come from newer clients: what they do not know changes nothing.
it.each<[string, object, number]>([
  ['/auth/register', { email: 'new@example.com', password: PASSWORD, roles: ['admin'] }, 201],
  ['/auth/login', { email: 'ada@example.com', password: PASSWORD, roles: ['admin'] }, 200],
])('an unknown member in a body of %s is ignored', async (path, body, status) => {
  const answer = await auth.call<{ roles?: string[]; scope?: string }>('POST', path, { body });
  expect(answer.status).toBe(status);
  expect(answer.body.roles ?? ['user']).toEqual(['user']);
  expect(answer.body.scope ?? '').not.toContain('admin');
});
