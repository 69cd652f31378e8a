import { randomUUID } from 'node:crypto';

import { RevocationList } from '@jwt-auth/jwt-core';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import type { CreatedClient } from './clients/clients.schema.js';
import { addApp, codeFor, enrolled, said } from './factors/authenticator.fixture.js';
import { passkeyOptions, SoftPasskey } from './factors/soft-passkey.fixture.js';
import { SessionEndService } from './sessions/session-end.service.js';
import { AuthApp, PASSWORD, type Answer, type ProblemBody } from './testing/auth-app.fixture.js';
import { ADMINISTRATION, isWaiting, whileHeld } from './testing/held-locks.fixture.js';

const ISSUER = 'http://localhost:3000';
const { auth } = AuthApp.forFileWithMailbox({ SEED_DEMO: 'on', ISSUER });
let admin: string;
beforeAll(async () => {
  ({ access_token: admin } = await auth.login('admin@example.com'));
});
afterEach(() => vi.restoreAllMocks());

type Method = 'POST' | 'PUT' | 'PATCH' | 'DELETE';
const administer = async <Body>(path: string, body: object): Promise<Body> =>
  (await auth.call<Body>('POST', `/admin/${path}`, { token: admin, body })).body;

let count = 0;
async function newUser(roles = ['user']) {
  const email = `queued-${(count += 1)}@example.com`;
  const { id } = await administer<{ id: string }>('users', { email, password: PASSWORD, roles });
  return { id, email, token: (await auth.login(email)).access_token };
}

/** As the guard of another process, which does not know a revocation yet. */
const letEverybodyIn = () => vi.spyOn(auth.get(RevocationList), 'isRevoked').mockReturnValue(false);

const endSessions = (userId: string) =>
  auth.dataSource.transaction((manager) =>
    auth
      .get(SessionEndService)
      .endAllSessions(manager, { userId, reason: 'logout_everywhere', actor: userId }),
  );

/** An administrator with a second factor, and what each route that changes something is called with. */
async function prepared() {
  const { userId, email, secret, factorId } = await enrolled(auth);
  await auth.call('PATCH', `/admin/users/${userId}`, {
    ...{ token: admin, body: { roles: ['user', 'admin'] } },
  });
  const ticket = await auth.call<{ mfa: { ticket: string } }>('POST', '/auth/login', {
    body: { email, password: PASSWORD },
  });
  const code = codeFor(auth, secret);
  const second = { ticket: ticket.body.mfa.ticket, code };
  const login = await auth.call<{ access_token: string }>('POST', '/auth/login/mfa', {
    body: second,
  });
  const token = login.body.access_token;
  const options = await passkeyOptions(auth, '/auth/factors/passkeys/options', token);
  const other = await newUser();
  await administer('roles', { name: 'auditor', scopes: [] });
  await administer('resources', { audience: 'ledger', scopes: [] });
  const client = await administer<CreatedClient>('clients', {
    ...{ name: 'a service', grants: ['client_credentials'], scopes: [] },
  });
  const [added] = await auth.dataSource.query<[{ id: string }]>(
    'SELECT id FROM client_secrets WHERE client_id = $1',
    [client.id],
  );
  const [key] = await auth.dataSource.query<[{ kid: string }]>(
    `SELECT kid FROM signing_keys WHERE state = 'next'`,
  );
  const newcomer = { email: 'made-by-a-thief@example.com', password: PASSWORD, roles: ['admin'] };
  const traits = { name: 'a backdoor', grants: ['client_credentials'], scopes: [] };
  const requests: Record<string, object | undefined> = {
    'post /admin/clients': traits,
    'patch /admin/clients/{id}': { name: 'another name' },
    'delete /admin/clients/{id}': undefined,
    'post /admin/clients/{id}/secrets': undefined,
    'delete /admin/clients/{id}/secrets/{secretId}': undefined,
    'post /admin/keys/rotate': undefined,
    'post /admin/keys/{kid}/withdraw': undefined,
    'post /admin/resources': { audience: 'of-a-thief', scopes: [] },
    'put /admin/resources/{audience}': { scopes: [{ name: 'ledger:read', description: '' }] },
    'delete /admin/resources/{audience}': undefined,
    'post /admin/revocations': { kind: 'jti', id: randomUUID() },
    'post /admin/roles': { name: 'of-a-thief', scopes: [] },
    'put /admin/roles/{name}': { scopes: ['admin'] },
    'delete /admin/roles/{name}': undefined,
    'post /admin/users': newcomer,
    'patch /admin/users/{id}': { roles: ['user', 'admin'] },
    'delete /admin/users/{id}': undefined,
    'delete /admin/users/{id}/factors': undefined,
    'put /admin/users/{id}/password': {},
    'post /admin/users/{id}/password/reset': { required: true },
    'delete /admin/users/{id}/sessions': undefined,
    'delete /admin/users/{id}/sessions/{sid}': undefined,
    'post /auth/email/change': { newEmail: 'thief@example.com' },
    'post /auth/email/verify/resend': undefined,
    'post /auth/factors/passkeys': { passkey: new SoftPasskey(ISSUER).create(options) },
    'post /auth/factors/passkeys/options': undefined,
    'post /auth/factors/recovery-codes': undefined,
    'post /auth/factors/totp': {},
    'post /auth/factors/totp/confirm': { code: '123456' },
    'delete /auth/factors/{id}': undefined,
    'post /auth/logout-everywhere': undefined,
    'delete /auth/me': undefined,
    'put /auth/password': { currentPassword: PASSWORD, newPassword: `${PASSWORD} 2` },
    'delete /auth/sessions/{id}': undefined,
    'post /auth/step-up': { password: PASSWORD, code: codeFor(auth, secret, -1) },
    'post /auth/step-up/options': undefined,
    'get /auth/me/export': undefined,
  };
  const idOf = (route: string): string => {
    if (route.includes('clients')) return client.id;
    if (route.includes('/auth/factors')) return factorId;
    return route.includes('/auth/sessions') ? said(token).sid : other.id;
  };
  const urlOf = (route: string): string =>
    Object.entries({
      ...{ id: idOf(route), secretId: added.id, kid: key.kid, sid: said(other.token).sid },
      ...{ audience: 'ledger', name: 'auditor' },
    }).reduce((url, [name, value]) => url.replace(`{${name}}`, value), route.split(' ')[1] ?? '');
  return { userId, token, requests, urlOf };
}

/** Change nothing, or nothing but the session of their caller. */
const HARMLESS = ['post /admin/tokens/check', 'post /auth/logout'];

interface Operation {
  readonly security?: readonly object[];
}

/** All changes that need a token. */
async function changes(): Promise<string[]> {
  const document = await auth.call<{ paths: Record<string, Record<string, Operation>> }>(
    'GET',
    '/docs-json',
  );
  const routes = Object.entries(document.body.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method, { security = [] }]) => method !== 'get' && security.length > 0)
      .map(([method]) => `${method} ${path}`),
  );
  return routes.filter((route) => !HARMLESS.includes(route));
}

/** What a request could have changed. */
const state = () =>
  Promise.all(
    [
      'SELECT count(*) FROM audit_events',
      'SELECT count(*) FROM revoked_tokens',
      'SELECT count(*) FROM outgoing_mails',
      'SELECT count(*) FROM factors',
      'SELECT count(*) FROM passkey_challenges',
      'SELECT count(*) FROM totp_enrolments',
      'SELECT * FROM users ORDER BY id',
      'SELECT * FROM clients ORDER BY id',
      'SELECT * FROM roles ORDER BY name',
    ].map((sql) => auth.dataSource.query<object[]>(sql)),
  );

const revoked = {
  status: 401,
  body: { code: 'token_revoked' },
  headers: { 'www-authenticate': expect.stringContaining('error="invalid_token"') as string },
};

describe('a request that the guard let in before its session ended', () => {
  // threat:queued-requests
  it('changes nothing, by whichever route', async () => {
    const { userId, token, requests, urlOf } = await prepared();
    // A new route that changes something has to be added to the list.
    const listed = Object.keys(requests).filter((route) => !route.startsWith('get'));
    expect((await changes()).sort()).toEqual(listed.sort());
    await endSessions(userId);
    const mails = () => auth.dataSource.query<object[]>('SELECT FROM outgoing_mails');
    await expect.poll(mails).toEqual([]);
    const before = await state();
    letEverybodyIn();
    const answers: Record<string, Answer<ProblemBody>> = {};
    for (const [route, body] of Object.entries(requests)) {
      const method = route.split(' ')[0]!.toUpperCase() as Method;
      answers[route] = await auth.call(method, urlOf(route), { token, body });
    }
    for (const [route, answer] of Object.entries(answers))
      expect(answer, route).toMatchObject(revoked);
    expect(await state()).toEqual(before);
  });

  it('is refused in the same words if its user is removed', async () => {
    const { id, token } = await newUser();
    await auth.call('DELETE', `/admin/users/${id}`, { token: admin });
    letEverybodyIn();
    const bodies = {
      'POST factors/totp': {},
      'POST factors/passkeys/options': undefined,
      'POST step-up/options': undefined,
      'POST step-up': { password: PASSWORD },
      'POST email/verify/resend': undefined,
      'PUT password': { currentPassword: PASSWORD, newPassword: `${PASSWORD} 2` },
    };
    for (const [route, body] of Object.entries(bodies)) {
      const [method, path] = route.split(' ') as [Method, string];
      const answer = await auth.call(method, `/auth/${path}`, { token, body });
      expect(answer, route).toMatchObject(revoked);
    }
  });
});

/** Starts requests one after the other, each when the one before waits for this lock, which then opens. */
async function queue(lock: string, ...requests: (() => Promise<Answer<ProblemBody>>)[]) {
  const answers: Promise<Answer<ProblemBody>>[] = [];
  await whileHeld(auth, lock, async () => {
    for (const request of requests) {
      answers.push(request());
      await isWaiting(auth, answers.length);
    }
  });
  return Promise.all(answers);
}

describe('an administrator', () => {
  // threat:queued-requests
  it.each([
    ['disabled', 'enables the own account', { disabled: true }],
    ['demoted', 'takes the role back', { roles: ['user'] }],
  ])('who is %s no longer %s', async (_, _what, change) => {
    const { id, token } = await newUser(['user', 'admin']);
    const patch = (body: object, by: string) => () =>
      auth.call('PATCH', `/admin/users/${id}`, { token: by, body });
    const [taken, back] = await queue(
      ADMINISTRATION,
      patch(change, admin),
      patch({ disabled: false, roles: ['user', 'admin'] }, token),
    );
    expect(taken).toMatchObject({ status: 200 });
    expect(back).toMatchObject(revoked);
    const user = await auth.call('GET', `/admin/users/${id}`, { token: admin });
    expect(user.body).toMatchObject({ id, ...change });
  });

  it('and another one who delete each other: the first one does', async () => {
    const [one, two] = [await newUser(['admin']), await newUser(['admin'])];
    const remove = (whose: typeof one, by: typeof one) => () =>
      auth.call('DELETE', `/admin/users/${whose.id}`, { token: by.token });
    const answers = await queue(ADMINISTRATION, remove(two, one), remove(one, two));
    expect(answers).toMatchObject([{ status: 204 }, revoked]);
  });
});

describe('a thief whose request waits for the logout everywhere of its victim', () => {
  // threat:queued-requests
  it('adds no factor', async () => {
    const { id, email, token } = await newUser();
    const { access_token: stolen } = await auth.login(email);
    const created = await passkeyOptions(auth, '/auth/factors/passkeys/options', stolen);
    const body = { passkey: new SoftPasskey(ISSUER).create(created) };
    const [out, added] = await queue(
      `SELECT FROM users WHERE id = '${id}' FOR UPDATE`,
      () => auth.call('POST', '/auth/logout-everywhere', { token }),
      () => auth.call('POST', '/auth/factors/passkeys', { token: stolen, body }),
    );
    expect(out).toMatchObject({ status: 204 });
    expect(added).toMatchObject(revoked);
    const next = await auth.login(email);
    expect((await addApp(auth, next.access_token)).recoveryCodes).toHaveLength(10);
  });
});

describe('a request whose key is withdrawn while it waits', () => {
  // threat:queued-requests
  it('changes nothing, of an administrator or of a user', async () => {
    const user = await newUser();
    const { access_token: token } = await auth.login('admin@example.com');
    const [key] = await auth.dataSource.query<[{ kid: string }]>(
      `SELECT kid FROM signing_keys WHERE state = 'active'`,
    );
    const traits = { email: 'of-a-stolen-key@example.com', password: PASSWORD, roles: ['admin'] };
    const lock = `${ADMINISTRATION}, (SELECT id FROM users WHERE id = '${user.id}' FOR UPDATE)`;
    const answers: Promise<Answer<ProblemBody>>[] = [];
    await whileHeld(auth, lock, async () => {
      answers.push(auth.call('POST', '/admin/users', { token, body: traits }));
      answers.push(auth.call('POST', '/auth/factors/totp', { token: user.token, body: {} }));
      await isWaiting(auth, 2);
      const withdrawn = await auth.call('POST', `/admin/keys/${key.kid}/withdraw`, { token });
      expect(withdrawn).toMatchObject({ status: 200 });
    });
    expect(await Promise.all(answers)).toMatchObject([revoked, revoked]);
  });
});
