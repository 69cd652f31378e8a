import type { ReceivedMail } from '@jwt-auth/dev-stack/mailbox';
import { DataSource } from 'typeorm';
import { describe, expect, it, vi } from 'vitest';

import type { PasskeyOptions } from '../factors/passkey.schema.js';
import { SoftPasskey } from '../factors/soft-passkey.fixture.js';
import { Config } from '../config.js';
import { MailSender } from '../mail/mail-sender.js';
import { AuthApp, PASSWORD, type Call, type ProblemBody } from '../testing/auth-app.fixture.js';
import { linkToken, takeMail } from './account-mail.fixture.js';

const OTHER_PASSWORD = 'another good passphrase';

const { auth, mailbox } = AuthApp.forFileWithMailbox({
  EMAIL_VERIFICATION: 'required',
  SEED_DEMO: 'on',
});

const login = async (email: string, password = PASSWORD) => {
  const answer = await auth.call('POST', '/auth/login', { body: { email, password } });
  return answer.status === 200 ? 200 : answer.body.code;
};
const verify = async (token: string) =>
  (await auth.call('POST', '/auth/email/verify', { body: { token } })).status;

/** What was delivered to an address, when nothing waits any more. */
async function mailsTo(email: string): Promise<readonly ReceivedMail[]> {
  await auth.get(MailSender).sendDue();
  const waiting = () => auth.dataSource.query<object[]>('SELECT FROM outgoing_mails');
  await expect.poll(waiting).toEqual([]);
  return mailbox.mails.filter(({ to }) => to[0] === email);
}

describe('a registration whose e-mail has to be verified', () => {
  it('is answered with 202, and the user logs in after the verification', async () => {
    expect(await auth.register('ada@new.example')).toMatchObject({ status: 202, body: {} });
    expect(await login('ada@new.example')).toBe('invalid_credentials');
    expect(await verify(await linkToken(auth, mailbox, 'ada@new.example', 'Verify'))).toBe(204);
    expect(await login('ada@new.example')).toBe(200);
  });

  it('of an e-mail that has an account has the same answer, changes nothing, and sends its user a mail', async () => {
    const unknown = await auth.register('bob@new.example');
    const known = await auth.register('Ada@New.example', OTHER_PASSWORD);
    expect({ status: known.status, body: known.body }).toEqual({
      status: unknown.status,
      body: unknown.body,
    });
    const names = (headers: object) => Object.keys(headers).sort();
    expect(names(known.headers)).toEqual(names(unknown.headers));
    expect(known.headers['content-length']).toBe(unknown.headers['content-length']);
    const { text } = await takeMail(auth, mailbox, 'ada@new.example', 'already');
    expect(text).not.toContain('#token=');
    expect(await login('ada@new.example', OTHER_PASSWORD)).toBe('invalid_credentials');
    expect(await login('ada@new.example')).toBe(200);
  });

  it('does the same work for known and unknown e-mails, as does a forgotten password', async () => {
    const statements: string[] = [];
    const createQueryRunner = auth.dataSource.createQueryRunner.bind(auth.dataSource);
    const spy = vi.spyOn(DataSource.prototype, 'createQueryRunner').mockImplementation((mode) => {
      const runner = createQueryRunner(mode);
      const query = runner.query.bind(runner);
      vi.spyOn(runner, 'query').mockImplementation(
        (sql: string | { text: string }, ...rest: unknown[]) => {
          const text = typeof sql === 'object' ? sql.text : sql;
          if (!/outgoing_mails AS mail|clock_timestamp|^UPDATE|^DELETE/.test(text))
            statements.push(text);
          return (query as (...all: unknown[]) => Promise<unknown>)(sql, ...rest);
        },
      );
      return runner;
    });
    const workOf = async (act: () => Promise<unknown>) => {
      statements.length = 0;
      await act();
      return statements.filter((text) =>
        /INSERT INTO (users|audit_events|outgoing|login)/.test(text),
      );
    };
    // So that no mail is completed meanwhile.
    mailbox.refusal = new Error('later');
    try {
      const unknown = await workOf(() => auth.register('work@new.example'));
      expect(unknown.length).toBeGreaterThan(3);
      expect(await workOf(() => auth.register('ada@new.example'))).toEqual(unknown);
      const forgot = (email: string) =>
        workOf(() => auth.call('POST', '/auth/password/forgot', { body: { email } }));
      const ofUnknown = await forgot('none@new.example');
      expect(ofUnknown.length).toBeGreaterThan(2);
      expect(await forgot('bob@new.example')).toEqual(ofUnknown);
    } finally {
      spy.mockRestore();
      mailbox.refusal = undefined;
    }
  });

  // threat:account-pre-hijacking
  it('that is repeated replaces the password and the link, until the e-mail is verified', async () => {
    // By someone who hopes that the owner clicks the link later.
    await auth.register('victim@new.example', OTHER_PASSWORD);
    const theirs = await linkToken(auth, mailbox, 'victim@new.example', 'Verify');
    await auth.register('victim@new.example', PASSWORD);
    const own = await linkToken(auth, mailbox, 'victim@new.example', 'Verify');
    expect(await verify(theirs)).toBe(400);
    expect(await verify(own)).toBe(204);
    expect(await login('victim@new.example', OTHER_PASSWORD)).toBe('invalid_credentials');
    expect(await login('victim@new.example', PASSWORD)).toBe(200);
  });

  // threat:account-pre-hijacking
  it('replaces no password when it may send no mail: the latest link is for another one', async () => {
    const email = 'often@new.example';
    let own = '';
    for (const password of [OTHER_PASSWORD, OTHER_PASSWORD, OTHER_PASSWORD, PASSWORD]) {
      await auth.register(email, password);
      own = await linkToken(auth, mailbox, email, 'Verify');
    }
    await auth.register(email, OTHER_PASSWORD);
    expect(await verify(own)).toBe(204);
    expect(await login(email, OTHER_PASSWORD)).toBe('invalid_credentials');
    expect(await login(email, PASSWORD)).toBe(200);
  });

  // threat:account-pre-hijacking
  it('ends the link for the former password at once, also while no mail gets out', async () => {
    const email = 'queued@new.example';
    await auth.register(email, PASSWORD);
    const own = await linkToken(auth, mailbox, email, 'Verify');
    mailbox.refusal = new Error('later');
    try {
      await auth.register(email, OTHER_PASSWORD);
      expect(await verify(own)).toBe(400);
    } finally {
      mailbox.refusal = undefined;
    }
  });

  // threat:account-pre-hijacking
  it('replaces no password of an account that was used while that was optional', async () => {
    const email = 'used@new.example';
    const setting = (emailVerification: 'required' | 'optional') =>
      Object.assign(auth.get(Config), { emailVerification });
    await auth.register(email, OTHER_PASSWORD);
    setting('optional');
    const { access_token: token } = await auth.login(email, OTHER_PASSWORD);
    setting('required');
    expect((await auth.register(email, PASSWORD)).status).toBe(202);
    expect((await auth.call('GET', '/auth/me', { token })).status).toBe(200);
    setting('optional');
    await auth.login(email, OTHER_PASSWORD);
    setting('required');
    // Its owner resets the password, and then nothing of those who used it is left.
    await auth.call('POST', '/auth/password/forgot', { body: { email } });
    const reset = { token: await linkToken(auth, mailbox, email, 'Reset'), newPassword: PASSWORD };
    expect((await auth.call('POST', '/auth/password/reset', { body: reset })).status).toBe(204);
    expect((await auth.call('GET', '/auth/me', { token })).body.code).toBe('token_revoked');
    await auth.login(email, PASSWORD);
  });

  it('at the same moment makes one account', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => auth.register('race@new.example')));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    const rows = await auth.dataSource.query<object[]>(
      `SELECT FROM users WHERE email_key = 'race@new.example'`,
    );
    expect(rows).toHaveLength(1);
  });

  it('can also be completed by a reset of the password', async () => {
    await auth.register('reset@new.example');
    await linkToken(auth, mailbox, 'reset@new.example', 'Verify');
    await auth.call('POST', '/auth/password/forgot', { body: { email: 'reset@new.example' } });
    const token = await linkToken(auth, mailbox, 'reset@new.example', 'Reset');
    const body = { token, newPassword: OTHER_PASSWORD };
    expect((await auth.call('POST', '/auth/password/reset', { body })).status).toBe(204);
    expect(await login('reset@new.example', OTHER_PASSWORD)).toBe(200);
  });

  // threat:mail-flood
  it('that is repeated sends few mails to one address', async () => {
    // However slow the machine is, no pause ends.
    auth.clock.stop();
    for (let n = 0; n < 6; n += 1) {
      expect((await auth.register('again@new.example')).status).toBe(202);
    }
    auth.clock.reset();
    const mails = await mailsTo('again@new.example');
    expect(mails.length).toBeGreaterThanOrEqual(3);
    expect(mails.length).toBeLessThan(6);
  });

  it('that is repeated keeps no reset from the owner, nor do resets keep a verification', async () => {
    const [owner, newcomer] = ['ada@new.example', 'newcomer@new.example'];
    const forgot = (email: string) =>
      auth.call('POST', '/auth/password/forgot', { body: { email } });
    auth.clock.stop();
    for (let n = 0; n < 6; n += 1) {
      await auth.register(owner);
      await forgot(newcomer);
    }
    await forgot(owner);
    await auth.register(newcomer);
    auth.clock.reset();
    await linkToken(auth, mailbox, owner, 'Reset');
    await linkToken(auth, mailbox, newcomer, 'Verify');
  });

  it('of a user who was disabled changes nothing, and sends no mail', async () => {
    await auth.register('barred@new.example');
    await takeMail(auth, mailbox, 'barred@new.example', 'Verify');
    const change = (isDisabled: boolean) =>
      auth.dataSource.query('UPDATE users SET is_disabled = $1 WHERE email = $2', [
        isDisabled,
        'barred@new.example',
      ]);
    await change(true);
    expect((await auth.register('barred@new.example', OTHER_PASSWORD)).status).toBe(202);
    expect(await mailsTo('barred@new.example')).toEqual([]);
    await change(false);
    await auth.dataSource.query(
      `UPDATE users SET email_verified_at = now() WHERE email = 'barred@new.example'`,
    );
    expect(await login('barred@new.example', OTHER_PASSWORD)).toBe('invalid_credentials');
    expect(await login('barred@new.example')).toBe(200);
  });

  it('is not needed for users of an administrator and for those from before', async () => {
    const admin = await auth.login('admin@example.com');
    const body = { email: 'made@new.example', password: PASSWORD };
    const { status } = await auth.call('POST', '/admin/users', { token: admin.access_token, body });
    expect(status).toBe(201);
    expect(await login('made@new.example')).toBe(200);
  });
});

describe('a user who registered while verification was optional', () => {
  it('has to verify the e-mail once it is required, and keeps the password', async () => {
    await auth.dataSource.query(
      `INSERT INTO users (id, email, email_key, password_hash, password_changed_at, roles, is_disabled,
         claims, created_at, registration)
       SELECT gen_random_uuid(), 'open@new.example', 'open@new.example', password_hash, now(), roles,
         false, '{}', now(), 'open' FROM users WHERE email = 'ada@example.com'`,
    );
    expect(await login('open@new.example')).toBe('invalid_credentials');
    await auth.register('open@new.example', OTHER_PASSWORD);
    await takeMail(auth, mailbox, 'open@new.example', 'already');
    const rows = await auth.dataSource.query<object[]>(
      `SELECT FROM users open, users ada WHERE open.email = 'open@new.example'
         AND ada.email = 'ada@example.com' AND open.password_hash = ada.password_hash`,
    );
    expect(rows).toHaveLength(1);
  });
});

it('a user whose e-mail has to be verified does not log in with a passkey', async () => {
  await auth.register('passkey@new.example');
  await verify(await linkToken(auth, mailbox, 'passkey@new.example', 'Verify'));
  const { access_token: token } = await auth.login('passkey@new.example');
  const passkey = new SoftPasskey('http://localhost:3000');
  const post = async (path: string, call: Call = {}) =>
    auth.call<PasskeyOptions & ProblemBody>('POST', `/auth/${path}`, call);
  const added = passkey.create((await post('factors/passkeys/options', { token })).body);
  await post('factors/passkeys', { token, body: { passkey: added } });
  const logIn = async () => {
    const proof = passkey.get((await post('login/passkey/options')).body);
    return post('login/passkey', { body: { passkey: proof } });
  };
  await auth.dataSource.query(
    `UPDATE users SET email_verified_at = NULL WHERE email = 'passkey@new.example'`,
  );
  expect((await logIn()).body.code).toBe('invalid_passkey');
  await auth.dataSource.query(
    `UPDATE users SET email_verified_at = now() WHERE email = 'passkey@new.example'`,
  );
  expect((await logIn()).status).toBe(200);
});
