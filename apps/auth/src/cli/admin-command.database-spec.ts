import { PassThrough } from 'node:stream';

import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { AccountLink } from '../accounts/account-link.entity.js';
import { AccountLinks } from '../accounts/account-links.js';
import { enrolled, said } from '../factors/authenticator.fixture.js';
import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import { runAdminCommand } from './admin-command.js';

let databaseUrl: string;
beforeAll(async () => {
  // Nobody has migrated it yet.
  databaseUrl = await freshDatabase();
});

/** Runs a command for someone who types these lines, at a terminal or through a pipe. */
async function run(
  args: string[],
  lines: string[] = [],
  isTTY = false,
  url = databaseUrl,
  lineEnd = '\n',
) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = new PassThrough();
  let shown = '';
  output.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    // A terminal's lines come one after the other, as they are asked for.
    if (/: $/.test(text)) input.write(`${lines.shift() ?? '\u0003'}\r`);
  });
  const results = new PassThrough();
  let printed = '';
  results.setEncoding('utf8').on('data', (text: string) => void (printed += text));
  if (!isTTY) input.end(lines.map((line) => line + lineEnd).join(''));
  const environment = {
    DATABASE_URL: url,
    NODE_ENV: 'production',
    ISSUER: 'https://login.example.com',
    PASSWORD_WORDS: 'badgerbank',
  };
  const code = await runAdminCommand(args, { input, output, results }, environment);
  return { code, shown, printed };
}

const create = (email: string) => ['create-admin', email];

describe('first aid', () => {
  let auth: AuthApp;
  beforeAll(async () => {
    auth = await AuthApp.start();
  });
  afterAll(() => auth.close());

  const aid = (args: string[], lines: string[] = []) => run(args, lines, false, auth.databaseUrl);
  const OTHER = 'ten badgers behind the mill';
  let count = 0;
  async function newUser() {
    const email = `shell-${(count += 1)}@example.com`;
    const { id } = (await auth.register(email)).body;
    return { id, email, ...(await auth.login(email)) };
  }
  it('removes the second factors of a user who has lost them', async () => {
    const { email, userId, refreshToken } = await enrolled(auth);
    const { code, shown } = await aid(['reset-factors', email]);
    expect([code, shown]).toEqual([0, `Second factors of ${email} that were removed: 1.\n`]);
    expect((await auth.login(email)).access_token).toBeTypeOf('string');
    const { access_token: next } = (await auth.refresh(refreshToken)).body;
    expect(said(next).acr).toBe('pwd');
    const rows = await auth.dataSource.query<object[]>(
      `SELECT actor, detail FROM audit_events WHERE action = 'factors.reset' AND subject = $1`,
      [userId],
    );
    expect(rows).toEqual([{ actor: null, detail: { count: 1, by: 'reset-factors' } }]);
  });

  /** The running app reads the change from the database. */
  const diesSoon = (token: string) =>
    expect
      .poll(async () => (await auth.call('GET', '/auth/me', { token })).body.code)
      .toBe('token_revoked');
  const eventsOf = (subject: string) =>
    auth.dataSource.query<object[]>(
      `SELECT action, actor, address, detail FROM audit_events
       WHERE subject = $1 AND detail ? 'by' ORDER BY id`,
      [subject],
    );
  const recorded = (action: string, detail: object) =>
    expect.objectContaining({ action, actor: null, address: null, detail }) as object;

  it('shows a user and the sessions, by e-mail in any case or by id', async () => {
    const { id, email } = await newUser();
    for (const name of [email.toUpperCase(), id]) {
      const { code, printed } = await aid(['show-user', name]);
      expect(code).toBe(0);
      expect(JSON.parse(printed)).toMatchObject({ id, email, roles: ['user'], disabled: false });
    }
    await auth.login(email);
    const lines = (await aid(['list-sessions', email])).printed.trim().split('\n');
    expect(lines.map((line) => Object.keys(JSON.parse(line) as object))).toEqual(
      Array(2).fill(['id', 'createdAt', 'lastUsedAt', 'expiresAt', 'ip', 'userAgent']),
    );
  });

  it('ends one session, and then all', async () => {
    const { id, email, access_token: first } = await newUser();
    const { access_token: second } = await auth.login(email);
    const [latest = ''] = (await aid(['list-sessions', email])).printed.split('\n');
    const { id: sessionId } = JSON.parse(latest) as { id: string };
    expect((await aid(['end-sessions', email, sessionId])).code).toBe(0);
    await diesSoon(second);
    expect((await auth.call('GET', '/auth/me', { token: first })).status).toBe(200);
    expect(await aid(['end-sessions', email, sessionId])).toMatchObject({
      code: 1,
      shown: 'The user has no such session.\n',
    });
    const { manager } = auth.dataSource;
    const newEmail = { userId: id, purpose: 'confirm-email', email: 'thief@example.com' } as const;
    await auth.get(AccountLinks).issue(manager, newEmail);
    expect((await aid(['end-sessions', email])).shown).toBe(
      `Sessions of ${email} that were ended: 1.\n`,
    );
    expect(await manager.countBy(AccountLink, { userId: id })).toBe(0);
    await diesSoon(first);
    expect(await eventsOf(id)).toEqual([
      recorded('sessions.ended', { by: 'end-sessions', reason: 'revoked', count: 1 }),
    ]);
  });

  it('sets a password that is typed, or prints a generated one', async () => {
    const { id, email, access_token: token } = await newUser();
    const typed = await aid(['reset-password', email], [OTHER]);
    expect(typed).toMatchObject({ code: 0, printed: '' });
    expect(typed.shown).not.toContain(OTHER);
    await diesSoon(token);
    await auth.login(email, OTHER);
    const { code, printed, shown } = await aid(['reset-password', email, '--generate']);
    expect(code).toBe(0);
    expect(shown).not.toContain(printed.trim());
    await auth.login(email, printed.trim());
    expect(await eventsOf(id)).toContainEqual(
      recorded('user.password_reset', { by: 'reset-password' }),
    );
    expect((await aid(['reset-password', email], ['short'])).shown).toContain('at least 12');
    await auth.login(email, printed.trim());
  });

  it('deletes a user, and not the last administrator', async () => {
    const { id, email, access_token: token } = await newUser();
    expect((await aid(['delete-user', email])).shown).toContain(id);
    await diesSoon(token);
    expect(await eventsOf(id)).toContainEqual(recorded('user.deleted', { by: 'delete-user' }));
    expect(await aid(['delete-user', email])).toMatchObject({
      code: 1,
      shown: `There is no user ${email}.\n`,
    });
    await aid(create('last@example.com'), [PASSWORD]);
    expect(await aid(['delete-user', 'last@example.com'])).toMatchObject({
      code: 1,
      shown: expect.stringContaining('last administrator') as string,
    });
    await auth.login('last@example.com');
  });

  it.each([
    ['reset-password', 'a@example.com', PASSWORD],
    ['end-sessions', 'a@example.com', 'all'],
    ['delete-user', 'a@example.com', '--force'],
    ['constructor', 'a@example.com'],
  ])('explains itself to %s %s %s', async (...args) => {
    expect(await aid(args)).toMatchObject({ code: 2, printed: '' });
  });
});

describe('create-admin', () => {
  it('makes an administrator of an empty database, who can log in, and records it', async () => {
    const { code, shown } = await run(create('Root@example.com'), [PASSWORD]);
    expect({ code, shown }).toMatchObject({
      code: 0,
      shown: expect.stringContaining('Root@example.com') as string,
    });
    const auth = await AuthApp.start({ DATABASE_URL: databaseUrl });
    expect((await auth.login('root@example.com')).scope).toBe(
      'orders:read orders:write admin account',
    );
    expect(
      await auth.dataSource.query(`SELECT action, actor, detail FROM audit_events LIMIT 1`),
    ).toEqual([
      {
        action: 'user.created',
        actor: null,
        detail: { by: 'create-admin', roles: ['user', 'admin'] },
      },
    ]);
    await auth.close();
  });

  it('asks twice at a terminal, and shows nothing of what is typed', async () => {
    const { code, shown } = await run(create('tty@example.com'), [PASSWORD, PASSWORD], true);
    expect(code).toBe(0);
    expect(shown).toContain('Password: \nOnce more: \n');
    expect(shown).not.toContain(PASSWORD);
  });

  it('takes a password from a file or command that ends no line', async () => {
    const { code, shown } = await run(create('file@example.com'), [PASSWORD], false, undefined, '');
    expect({ code, shown }).toMatchObject({ code: 0 });
  });

  it('does not change a user who already has the e-mail', async () => {
    await run(create('twice@example.com'), [PASSWORD]);
    const again = await run(create('TWICE@example.com'), [`${PASSWORD} 2`]);
    expect(again).toMatchObject({
      code: 1,
      shown: expect.stringContaining('has an account already') as string,
    });
  });

  it.each([
    ['two different passwords', [PASSWORD, `${PASSWORD}!`], true, 'not the same'],
    ['Ctrl-C', [], true, 'No password was given'],
    ['an empty input', [], false, 'No password was given'],
    ['a short password', ['short'], false, 'at least 12 characters'],
    ['one of the commonest', ['password1234'], false, 'commonest'],
    ['words of the service', ['Badgerbank-login1'], false, 'words that a guesser knows'],
  ])('refuses %s', async (_, lines, isTTY, reason) => {
    const { code, shown } = await run(create('no@example.com'), lines, isTTY);
    expect({ code, shown }).toEqual({
      code: 1,
      shown: expect.stringContaining(reason) as string,
    });
  });

  it('refuses what is no e-mail before it asks for a password', async () => {
    const { code, shown } = await run(create('root'), [], true);
    expect(code).toBe(1);
    expect(shown).not.toContain('Password');
  });

  it('says that the database refuses the password', async () => {
    const url = new URL(databaseUrl);
    url.password = 'wrong';
    const { code, shown } = await run(create('root@example.com'), [PASSWORD], false, url.href);
    expect([code, shown]).toEqual([1, expect.stringContaining('password authentication failed')]);
  });

  it('says which setting is missing', async () => {
    const { code, shown } = await run(create('root@example.com'), [PASSWORD], false, '');
    expect(code).toBe(1);
    expect(shown).toContain('DATABASE_URL');
    expect(shown).not.toContain('KEY_ENCRYPTION_KEY');
  });

  it.each([[[]], [['create-admin']], [['drop']], [['create-admin', 'a@example.com', PASSWORD]]])(
    'explains itself to %j',
    async (args) => {
      const { code, shown } = await run(args);
      expect(code).toBe(2);
      expect(shown).toContain('Usage:');
    },
  );
});
