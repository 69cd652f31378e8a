import { beforeEach, describe, expect, it } from 'vitest';

import { AuthApp, PASSWORD, type Answer } from '../testing/auth-app.fixture.js';

const auth = AuthApp.forFile({ SEED_DEMO: 'on' });
let admin: string;
beforeEach(async () => {
  ({ access_token: admin } = await auth.login('admin@example.com'));
});

interface Named {
  readonly id: string;
}
const asAdmin = <Body>(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<Answer<Body>> => auth.call(method, path, { token: admin, body });
const status = async (token: string): Promise<number> =>
  (await auth.call('GET', '/auth/me', { token })).status;
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    jti: string;
    sid: string;
    sub: string;
  };
const subjects = async (): Promise<(string | null)[]> =>
  (
    await auth.dataSource.query<{ subject: string | null }[]>(`SELECT subject FROM audit_events`)
  ).map(({ subject }) => subject);
const mixedCase = (id: string): string =>
  [...id].map((letter, i) => (i % 2 ? letter.toUpperCase() : letter)).join('');

let count = 0;
async function user() {
  const email = `spelled-${(count += 1)}@example.com`;
  const { id } = (await asAdmin<Named>('POST', '/admin/users', { email, password: PASSWORD })).body;
  return { id, ...(await auth.login(email)) };
}

describe.each([
  ['upper case', (id: string) => id.toUpperCase()],
  ['mixed case', mixedCase],
])('an id in %s is the same id', (_, spelled) => {
  it('for an administrator who would lock themselves out', async () => {
    const { sub } = claimsOf(admin);
    const answer = await asAdmin('PATCH', `/admin/users/${spelled(sub)}`, { roles: ['user'] });
    expect(answer).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(await status(admin)).toBe(200);
  });

  it('for a user who is disabled, also in the audit log', async () => {
    const { id, access_token: token } = await user();
    const answer = await asAdmin<Named>('PATCH', `/admin/users/${spelled(id)}`, { disabled: true });
    expect(answer.body.id).toBe(id);
    expect(await status(token)).toBe(401);
    expect(await subjects()).not.toContain(spelled(id));
  });

  it.each(['jti', 'sid'] as const)('for a revocation of a %s', async (kind) => {
    const { access_token: token } = await user();
    const id = claimsOf(token)[kind];
    const answer = await asAdmin('POST', '/admin/revocations', { kind, id: spelled(id) });
    expect(answer).toMatchObject({ status: 201, body: { kind, id } });
    expect(await status(token)).toBe(401);
    expect(await subjects()).not.toContain(spelled(id));
  });

  it('for the session that a user ends', async () => {
    const { access_token: token } = await user();
    const { sid } = claimsOf(token);
    const answer = await auth.call('DELETE', `/auth/sessions/${spelled(sid)}`, { token });
    expect(answer.status).toBe(204);
    expect(await status(token)).toBe(401);
    expect(await subjects()).not.toContain(spelled(sid));
  });

  describe('of a client', () => {
    const newClient = async () =>
      (
        await asAdmin<Named & { secret: string }>('POST', '/admin/clients', {
          name: 'worker',
          grants: ['client_credentials', 'introspect'],
          scopes: ['orders:read'],
        })
      ).body;
    const oauth = <Body>(path: string, form: Record<string, string>): Promise<Answer<Body>> =>
      auth.call('POST', `/oauth/${path}`, {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(form).toString(),
      });
    const tokenOf = async ({ id, secret }: { id: string; secret: string }): Promise<string> => {
      const form = { grant_type: 'client_credentials', client_id: id, client_secret: secret };
      return (await oauth<{ access_token: string }>('token', form)).body.access_token;
    };

    it('that asks for a token', async () => {
      const { id, secret } = await newClient();
      const token = await tokenOf({ id: spelled(id), secret });
      expect(
        JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()),
      ).toMatchObject({ sub: id, client_id: id });
    });

    it.each([
      ['deleted', (id: string) => asAdmin('DELETE', `/admin/clients/${id}`)],
      ['disabled', (id: string) => asAdmin('PATCH', `/admin/clients/${id}`, { disabled: true })],
      ['revoked', (id: string) => asAdmin('POST', '/admin/revocations', { kind: 'client', id })],
    ])('that is %s', async (_name, end) => {
      const client = await newClient();
      const other = await newClient();
      const token = await tokenOf(client);
      await end(spelled(client.id));
      const form = { token, client_id: other.id, client_secret: other.secret };
      expect((await oauth('introspect', form)).body).toEqual({ active: false });
      expect(await subjects()).not.toContain(spelled(client.id));
    });
  });
});

it.each(['{ID}', 'urn:uuid:ID', 'ID ', '%20ID', 'ID0', '%EF%BC%90ID'])(
  'is no id with anything around it: %s',
  async (form) => {
    const { id, access_token: token } = await user();
    const spelling = encodeURI(form.replace('ID', id)).replaceAll('%25', '%');
    const answer = await asAdmin('PATCH', `/admin/users/${spelling}`, { disabled: true });
    expect(answer.status).toBe(404);
    expect(await status(token)).toBe(200);
  },
);
