import { PassThrough } from 'node:stream';

import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { beforeAll, describe, expect, it } from 'vitest';

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
  if (!isTTY) input.end(lines.map((line) => line + lineEnd).join(''));
  const environment = { DATABASE_URL: url, NODE_ENV: 'production' };
  const code = await runAdminCommand(args, { input, output }, environment);
  return { code, shown };
}

const create = (email: string) => ['create-admin', email];

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
