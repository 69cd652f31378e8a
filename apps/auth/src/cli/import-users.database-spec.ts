import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';

import bcrypt from 'bcryptjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { AccessModel } from '../access/access-model.js';
import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import type { UserAnswer } from '../users/users.admin.schema.js';
import type { PasswordRules } from '../users/password-rules.js';
import type { UsersAdminService } from '../users/users.admin.service.js';
import { UsersError } from '../users/users.errors.js';
import { runAdminCommand } from './admin-command.js';
import { importUsers } from './import-users.js';

const HASH = bcrypt.hashSync(PASSWORD, 4);

let auth: AuthApp;
let directory: string;
beforeAll(async () => {
  auth = await AuthApp.start({ SEED_DEMO: 'on' });
  directory = await mkdtemp(join(tmpdir(), 'import-'));
});
afterAll(async () => {
  await auth.close();
  await rm(directory, { recursive: true });
});

/** All that was written: since Node 26 a `read` returns no more than one write. */
function read(stream: PassThrough): string {
  const next = () => stream.read() as Buffer | null;
  let text = '';
  for (let part = next(); part; part = next()) text += String(part);
  return text;
}

/** Imports a file with this content. */
async function importing(content: string | Buffer) {
  const file = join(directory, 'users.jsonl');
  await writeFile(file, content);
  return run(file);
}

async function run(file: string) {
  const [output, results] = [new PassThrough(), new PassThrough()];
  const code = await runAdminCommand(
    ['import-users', file],
    { input: new PassThrough(), output, results },
    { DATABASE_URL: auth.databaseUrl, NODE_ENV: 'production' },
  );
  return { code, shown: read(output), printed: read(results) };
}

const lines = (...users: object[]) => users.map((user) => JSON.stringify(user)).join('\n');
const count = async () => {
  const [row] = await auth.dataSource.query<[{ count: string }]>('SELECT count(*) FROM users');
  return Number(row.count);
};
const found = async (email: string): Promise<UserAnswer | undefined> => {
  const { access_token: token } = await auth.login('admin@example.com');
  const path = `/admin/users?email=${encodeURIComponent(email)}`;
  return (await auth.call<{ items: UserAnswer[] }>('GET', path, { token })).body.items[0];
};

describe('an import of users', () => {
  it('adds them with roles and claims, who log in with the password of before', async () => {
    const content = lines(
      {
        email: 'Imported@example.com',
        passwordHash: HASH,
        roles: ['user', 'admin'],
        claims: { tenant: 'blue' },
        emailVerified: true,
      },
      { email: 'plain@example.com', passwordHash: HASH },
    );
    expect(await importing(content)).toEqual({
      code: 0,
      shown:
        'Users that were added: 2. Users who had an account already, and were not changed: 0.\n',
      printed: '',
    });
    const { access_token: token } = await auth.login('imported@example.com');
    const me = await auth.call('GET', '/auth/me', { token });
    expect(me.body).toMatchObject({ roles: ['user', 'admin'], emailVerified: true });
    expect(await found('imported@example.com')).toMatchObject({ claims: { tenant: 'blue' } });
    const plain = (await auth.login('plain@example.com')).access_token;
    expect((await auth.call('GET', '/auth/me', { token: plain })).body).toMatchObject({
      roles: ['user'],
      emailVerified: false,
    });
    const events = await auth.dataSource.query<object[]>(
      `SELECT actor, detail FROM audit_events WHERE action = 'user.created' AND subject = $1`,
      [(await found('imported@example.com'))?.id],
    );
    const detail = { roles: ['user', 'admin'], passwordHash: 'imported', by: 'import-users' };
    expect(events).toEqual([{ actor: null, detail }]);
  });

  it('adds by a second run what the first did not, and changes nobody', async () => {
    const first = { email: 'again@example.com', passwordHash: HASH };
    expect((await importing(lines(first))).code).toBe(0);
    const before = await found('again@example.com');
    const both = lines(
      { ...first, email: 'AGAIN@example.com', roles: ['admin'] },
      { ...first, email: 'later@example.com' },
    );
    expect(await importing(both)).toEqual({
      code: 0,
      shown:
        'Users that were added: 1. Users who had an account already, and were not changed: 1.\n',
      printed: '{"line":1,"email":"AGAIN@example.com","added":false}\n',
    });
    expect(await found('again@example.com')).toEqual(before);
  });

  it('takes lines of Windows, a byte order mark, empty lines, and a last line without end', async () => {
    const line = (name: string) =>
      JSON.stringify({ email: `${name}@example.com`, passwordHash: HASH });
    const content = `\ufeff${line('dos-1')}\r\n\r\n   \n${line('dos-2')}`;
    expect(await importing(content)).toMatchObject({
      code: 0,
      shown: expect.stringContaining('added: 2') as string,
    });
  });

  it('names each wrong line, and adds nobody', async () => {
    const before = await count();
    const user = { email: 'right@example.com', passwordHash: HASH };
    const content = [
      lines(
        user,
        { ...user, email: 'nobody' },
        { ...user, email: 'plain-text@example.com', passwordHash: 'hunter2hunter2' },
        { ...user, email: 'RIGHT@example.com' },
        { ...user, email: 'role@example.com', roles: ['user', 'conductor'] },
        { email: 'none@example.com' },
        { ...user, email: 'more@example.com', password_hash: HASH },
        { ...user, email: 'claims@example.com', claims: { a: '\ud800' } },
        { ...user, email: 'costly@example.com', passwordHash: HASH.replace('$04$', '$31$') },
        { email: 'guessable@example.com', password: 'Guessable-Example-1' },
      ),
      'not json',
      '[]',
      JSON.stringify({ ...user, claims: { a: 'x'.repeat(200_000) } }),
    ].join('\n');
    const { code, shown, printed } = await importing(content);
    expect({ code, printed }).toEqual({ code: 1, printed: '' });
    const named = shown.trimEnd().split('\n');
    expect(named.shift()).toBe('Not imported:');
    expect(named.map((fault) => fault.split(' ', 4).slice(2).join(' '))).toEqual([
      'line 2:',
      'line 3:',
      'line 4:',
      'line 5:',
      'line 6:',
      'line 7:',
      'line 8:',
      'line 9:',
      'line 10:',
      'line 11:',
      'line 12:',
      'line 13:',
    ]);
    expect(shown).toContain('line 4: email is that of line 1');
    expect(shown).toContain('line 5: roles: "conductor" is not a role');
    expect(shown).toContain('line 10: password is made of words that a guesser knows');
    expect(shown).not.toMatch(/hunter2|Guessable/);
    expect(await count()).toBe(before);
  });

  it('names the line of a password that is refused only when the user is added', async () => {
    const file = join(directory, 'listed.jsonl');
    await writeFile(file, lines({ email: 'listed@example.com', password: PASSWORD }));
    const refused = new UsersError('password_breached', 'listed', { path: 'password' });
    const users = { create: () => Promise.reject(refused) } as unknown as UsersAdminService;
    const passwordRules = { refuse: () => Promise.resolve() } as unknown as PasswordRules;
    const { dataSource } = auth;
    const services = { dataSource, accessModel: auth.get(AccessModel), users, passwordRules };
    await expect(importUsers(services, file)).rejects.toThrow(
      'Line 1: password is in a list of passwords that were stolen elsewhere.',
    );
  });

  it('names what is not UTF-8', async () => {
    const content = Buffer.concat([Buffer.from('\n{"email":"'), Buffer.from([0xff, 0x0a])]);
    expect((await importing(content)).shown).toContain('line 2: is longer than');
  });

  it('shows no more faults than one reads', async () => {
    const { shown } = await importing('x\n'.repeat(1_000));
    expect(shown.split('\n').length).toBeLessThan(110);
    expect(shown).toContain('and 900 more');
  });

  it.each(['nowhere.jsonl', '.', '/dev/null'])('needs a file, and %s is none', async (file) => {
    expect(await run(join(file.startsWith('/') ? '' : directory, file))).toMatchObject({
      code: 1,
      shown: expect.stringContaining('There is no file') as string,
    });
  });

  it('adds each user once, when it runs twice at the same moment', async () => {
    const users = Array.from({ length: 5 }, (_, at) => ({
      email: `twice-${at}@example.com`,
      passwordHash: HASH,
    }));
    const before = await count();
    const file = join(directory, 'twice.jsonl');
    await writeFile(file, lines(...users));
    const [one, other] = await Promise.all([run(file), run(file)]);
    expect([one.code, other.code]).toEqual([0, 0]);
    expect(await count()).toBe(before + 5);
    expect(one.printed.split('\n').length + other.printed.split('\n').length - 2).toBe(5);
  });
});
