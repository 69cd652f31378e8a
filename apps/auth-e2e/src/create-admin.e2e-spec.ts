import { join } from 'node:path';
import { authSettings, call, ROOT, startApp, type RunningApp } from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runAdmin, type Run } from './admin-shell.js';
import { decode, login, newEmail, PASSWORD, tryLogin } from './users.js';
import { queryAt } from './stack.js';

let database: string;
let auth: RunningApp;
/** Made before any process of auth has started. */
const first = newEmail();
let firstRun: Run;

const run = (args: string[], input = '', env: Record<string, string> = {}) =>
  runAdmin(database, args, input, env);
const createAdmin = (email: string, input = `${PASSWORD}\n`) => run(['create-admin', email], input);
const countUsers = async () => (await queryAt(database, 'SELECT FROM users')).length;

beforeAll(async () => {
  database = await freshDatabase();
  firstRun = await createAdmin(first);
  auth = await startApp('auth', {
    env: {
      ...authSettings({ DATABASE_URL: database, ISSUER: 'http://127.0.0.1' }),
      NODE_ENV: 'production',
      REGISTRATION: 'closed',
      // In production nothing else says what the role user may do.
      ACCESS_MODEL: join(ROOT, 'deploy/kubernetes/base/access-model.yaml'),
    },
  });
});
afterAll(() => auth?.stop());

describe('create-admin', () => {
  it('creates the first user of a new database, who can log in and is an administrator', async () => {
    expect(firstRun).toEqual({ code: 0, shown: expect.stringContaining(first) as string });
    const { access_token: token, scope } = await login(auth.url, first);
    expect(scope).toBe('orders:read orders:write admin account');
    const { status, body } = await call<{ items: object[] }>(`${auth.url}/admin/users`, { token });
    expect(status).toBe(200);
    expect(body.items).toEqual([
      expect.objectContaining({ email: first, roles: ['user', 'admin'] }),
    ]);
  });

  it('creates one while auth runs, with a password in any script and no line end', async () => {
    const [email, password] = [newEmail(), 'sieben Störche über dem Wehr \u{1F426}'];
    expect((await createAdmin(email, password)).code).toBe(0);
    const { access_token: token } = await login(auth.url, email, password);
    expect((await call(`${auth.url}/admin/keys`, { token })).status).toBe(200);
  });

  it('is in the audit log, without the password', async () => {
    const { access_token: token } = await login(auth.url, first);
    const id = decode(token).payload['sub'];
    const { body } = await call<{ items: object[] }>(`${auth.url}/admin/audit?limit=100`, {
      token,
    });
    expect(body.items).toContainEqual(
      expect.objectContaining({
        action: 'user.created',
        actor: null,
        subject: id,
        detail: { roles: ['user', 'admin'], by: 'create-admin' },
      }),
    );
    const users = await queryAt(database, 'SELECT * FROM users');
    const traces = [firstRun.shown, auth.log(), JSON.stringify([body, users])];
    for (const trace of traces) expect(trace).not.toContain(PASSWORD);
  });

  it('does not change a user who already has the e-mail, and says so', async () => {
    const again = await createAdmin(first.toUpperCase(), 'ten badgers behind the mill\n');
    expect(again).toEqual({
      code: 1,
      shown: expect.stringContaining('has an account already') as string,
    });
    expect((await tryLogin(auth.url, first, PASSWORD)).status).toBe(200);
  });

  it('run twice at the same moment creates one', async () => {
    const email = newEmail();
    const before = await countUsers();
    const runs = await Promise.all([createAdmin(email), createAdmin(email)]);
    expect(runs.map(({ code }) => code).sort()).toEqual([0, 1]);
    expect(await countUsers()).toBe(before + 1);
  });

  // What else it refuses is the matter of its unit specs.
  it.each([
    ['a common password', ['create-admin', newEmail()], 'Password1234\n', 1, 'of the commonest'],
    ['a password as an argument', ['create-admin', newEmail(), PASSWORD], '', 2, 'never an arg'],
  ])('refuses %s, says why, and creates no user', async (_name, args, input, code, reason) => {
    const before = await countUsers();
    const refused = await run(args, input);
    expect(refused).toEqual({ code, shown: expect.stringContaining(reason) as string });
    expect(refused.shown).not.toContain(PASSWORD);
    expect(await countUsers()).toBe(before);
  });

  it('says which setting is missing', async () => {
    const refused = await run(['create-admin', newEmail()], `${PASSWORD}\n`, { DATABASE_URL: '' });
    expect(refused).toEqual({ code: 1, shown: expect.stringContaining('DATABASE_URL') as string });
  });
});
