import { beforeAll, describe, expect, it } from 'vitest';

import {
  addApp,
  codeFor,
  enrolled,
  forgetCodes,
  said,
  secondStep,
  ticketFor,
  type Enrolled,
} from '../factors/authenticator.fixture.js';
import type { FactorList } from '../factors/factors.schema.js';
import { AuthApp } from '../testing/auth-app.fixture.js';
import type { RoleAnswer } from './access.schema.js';

const auth = AuthApp.forFile({ SEED_DEMO: 'on' });
let admin: string;
beforeAll(async () => {
  ({ access_token: admin } = await auth.login('admin@example.com'));
});

const call = <Body>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object) =>
  auth.call<Body>(method, `/admin/${path}`, { token: admin, body });
let count = 0;
async function newRole(requiresMfa?: boolean): Promise<string> {
  const name = `treasurer-${(count += 1)}`;
  const body = { name, scopes: ['orders:write', 'orders:read'], requiresMfa };
  const { status } = await call<RoleAnswer>('POST', 'roles', body);
  expect(status).toBe(201);
  return name;
}
const give = (id: string, roles: string[]) => call('PATCH', `users/${id}`, { roles });
const demand = (name: string, requiresMfa?: boolean) =>
  call<RoleAnswer & { code: string }>('PUT', `roles/${name}`, {
    ...{ scopes: ['orders:write', 'orders:read'], requiresMfa },
  });
const codeOf = async (token: string) => (await auth.call('GET', '/auth/me', { token })).body.code;
const factorsOf = (token: string) => auth.call<FactorList>('GET', '/auth/factors', { token });

async function mfaLogin({ email, userId, secret }: Enrolled) {
  await forgetCodes(auth, userId);
  const ticket = await ticketFor(auth, email);
  return (await secondStep(auth, { ticket, code: codeFor(auth, secret) })).body;
}

describe('a role that needs a second factor', () => {
  it('is in no token of a user without one, who can still add it, and then has the role', async () => {
    const role = await newRole(true);
    const { id } = (await auth.register('newcomer@example.com')).body;
    await give(id, [role]);
    const login = await auth.login('newcomer@example.com');
    expect(said(login.access_token)).toMatchObject({ roles: [], scope: 'account', acr: 'pwd' });
    expect((await factorsOf(login.access_token)).body.requiredBy).toEqual([role]);
    await addApp(auth, login.access_token);
    const { body: next } = await auth.refresh(login.refresh_token);
    expect(said(next.access_token)).toMatchObject({ roles: [role], acr: 'mfa' });
    expect(next.scope.split(' ').sort()).toEqual(['account', 'orders:read', 'orders:write']);
  });

  it('is in the tokens of a session that proved it, by a login or a step-up', async () => {
    const role = await newRole(true);
    const ada = await enrolled(auth);
    await give(ada.userId, ['user', role]);
    const login = await mfaLogin(ada);
    expect(said(login.access_token).roles).toEqual(['user', role]);
    await auth.dataSource.query(`UPDATE sessions SET amr = '{pwd}' WHERE id = $1`, [
      said(login.access_token).sid,
    ]);
    const { body: lower } = await auth.refresh(login.refresh_token);
    expect(said(lower.access_token).roles).toEqual(['user']);
    await forgetCodes(auth, ada.userId);
    const raised = await auth.call<{ access_token: string }>('POST', '/auth/step-up', {
      ...{ token: lower.access_token, body: { code: codeFor(auth, ada.secret) } },
    });
    expect(said(raised.body.access_token).roles).toEqual(['user', role]);
  });

  it('ends all tokens that may name it when the demand is new, and only then', async () => {
    const role = await newRole();
    const ada = await enrolled(auth);
    await give(ada.userId, [role]);
    const { id } = (await auth.register('plain@example.com')).body;
    await give(id, [role]);
    const [plain, proved] = [await auth.login('plain@example.com'), await mfaLogin(ada)];
    const { access_token: other } = await auth.login('ada@example.com');
    expect(said(plain.access_token).roles).toEqual([role]);
    const changed = await demand(role, true);
    expect(changed).toMatchObject({ status: 200, body: { name: role, requiresMfa: true } });
    expect(await codeOf(plain.access_token)).toBe('token_revoked');
    expect(await codeOf(proved.access_token)).toBe('token_revoked');
    expect(await codeOf(other)).toBeUndefined();
    const lower = (await auth.refresh(plain.refresh_token)).body.access_token;
    expect(said(lower)).toMatchObject({ roles: [], scope: 'account' });
    const same = (await auth.refresh(proved.refresh_token)).body.access_token;
    expect(said(same).roles).toEqual([role]);
    // What is absent stays as it is.
    expect((await demand(role)).body.requiresMfa).toBe(true);
    expect(await codeOf(same)).toBeUndefined();
    expect((await demand(role, false)).body.requiresMfa).toBe(false);
    expect(await codeOf(same)).toBeUndefined();
  });

  it('is lost with the factors: the last one stays, unless an administrator resets them', async () => {
    const role = await newRole(true);
    const ada = await enrolled(auth);
    await give(ada.userId, [role]);
    const { access_token: token, refresh_token } = await mfaLogin(ada);
    const path = `/auth/factors/${ada.factorId}`;
    expect(await auth.call('DELETE', path, { token })).toMatchObject({
      ...{ status: 409, body: { code: 'conflict' } },
    });
    expect((await factorsOf(token)).body.items).toHaveLength(1);
    expect((await call('DELETE', `users/${ada.userId}/factors`)).status).toBe(204);
    expect(await codeOf(token)).toBe('token_revoked');
    const { body } = await auth.refresh(refresh_token);
    expect(said(body.access_token).roles).toEqual([]);
  });

  it.each([
    ['an administrator', (ada: Enrolled) => call('DELETE', `users/${ada.userId}/factors`)],
    [
      'its user',
      ({ factorId, token }: Enrolled) =>
        auth.call('DELETE', `/auth/factors/${factorId}`, { token }),
    ],
  ])('is not in a session that proved a factor which %s has removed', async (_, remove) => {
    const role = await newRole(true);
    const ada = await enrolled(auth);
    const before = await mfaLogin(ada);
    expect((await remove(ada)).status).toBe(204);
    expect(await codeOf(before.access_token)).toBe('token_revoked');
    await give(ada.userId, [role]);
    await addApp(auth, (await auth.login(ada.email)).access_token);
    const { body } = await auth.refresh(before.refresh_token);
    expect(said(body.access_token)).toMatchObject({ roles: [], amr: ['pwd'], acr: 'pwd' });
  });

  it.each([{ requiresMfa: 'yes' }, { requiresMfa: null }, { requiresMfa: 1 }])(
    'is not made by %j',
    async (more) => {
      const body = { name: 'never', scopes: [], ...more };
      expect(await call('POST', 'roles', body)).toMatchObject({ status: 400 });
    },
  );

  it('may be that of administrators, who lose it until they have a factor', async () => {
    const body = { scopes: ['admin'], requiresMfa: true };
    expect((await call('PUT', 'roles/admin', body)).status).toBe(200);
    expect(await codeOf(admin)).toBe('token_revoked');
    const login = await auth.login('admin@example.com');
    const keys = (token: string) => auth.call('GET', '/admin/keys', { token });
    expect((await keys(login.access_token)).body.code).toBe('insufficient_role');
    await addApp(auth, login.access_token);
    const { access_token: token } = (await auth.refresh(login.refresh_token)).body;
    expect((await keys(token)).status).toBe(200);
  });
});
