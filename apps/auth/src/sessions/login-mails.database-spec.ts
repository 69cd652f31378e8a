import type { Mailbox } from '@jwt-auth/dev-stack/mailbox';
import { afterEach, describe, expect, it } from 'vitest';

import { takeMail } from '../accounts/account-mail.fixture.js';
import { codeFor, enrolled, secondStep } from '../factors/authenticator.fixture.js';
import type { PasskeyOptions } from '../factors/passkey.schema.js';
import { SoftPasskey } from '../factors/soft-passkey.fixture.js';
import { MailSender } from '../mail/mail-sender.js';
import { AuthApp, PASSWORD, type Call } from '../testing/auth-app.fixture.js';
import type { MfaDemand } from './login.schema.js';
import type { TokenResponse } from './sessions.schema.js';

const { auth, mailbox } = AuthApp.forFileWithMailbox({ TRUST_PROXY: '1' });
afterEach(() => auth.clock.reset());

const HOME = '192.0.2.7';
const ELSEWHERE = '198.51.100.9';
const from = (address: string) => ({ 'x-forwarded-for': address });
const logIn = async (email: string, address: string, password = PASSWORD) => {
  const body = { email, password };
  const answer = await auth.call<TokenResponse & MfaDemand>('POST', '/auth/login', {
    body,
    headers: { ...from(address), 'user-agent': 'Evil <b>browser</b>' },
  });
  return answer;
};
/** What waits in the outbox, or was delivered and not taken. */
const mailsTo = async (email: string, template: string, subject: string): Promise<number> => {
  const rows = await auth.dataSource.query<object[]>(
    'SELECT FROM outgoing_mails WHERE recipient = $1 AND template = $2',
    [email, template],
  );
  const isThere = (mail: Mailbox['mails'][number]) =>
    mail.to[0] === email && mail.subject.includes(subject);
  return rows.length + mailbox.mails.filter(isThere).length;
};
const newLogins = (email: string) => mailsTo(email, 'new-login', 'New login');
const copied = (email: string) => mailsTo(email, 'session-copied', 'ended a session');

let count = 0;
/** Has logged in from home. */
async function newUser(): Promise<string> {
  const email = `mailed-${(count += 1)}@example.com`;
  await auth.register(email);
  expect((await logIn(email, HOME)).status).toBe(200);
  return email;
}

describe('a login from a network that is new to the account', () => {
  it('sends the user a mail with its time and address', async () => {
    const email = await newUser();
    expect((await logIn(email, ELSEWHERE)).status).toBe(200);
    const { text, html } = await takeMail(auth, mailbox, email, 'New login');
    for (const content of [text, html]) {
      expect(content).toContain(ELSEWHERE);
      expect(content).toContain(String(new Date().getUTCFullYear()));
      // A stranger writes nothing of their own into our mail.
      expect(content).not.toContain('Evil');
    }
    expect(await logIn(email, ELSEWHERE)).toMatchObject({ status: 200 });
    expect(await newLogins(email)).toBe(0);
  });

  it('is no news when it is the very first one', async () => {
    const email = await newUser();
    expect(await newLogins(email)).toBe(0);
  });

  it('is no news for a wrong password', async () => {
    const email = await newUser();
    expect((await logIn(email, ELSEWHERE, 'wrong')).status).toBe(401);
    expect(await newLogins(email)).toBe(0);
  });

  it('sends one mail when many arrive at the same moment', async () => {
    const email = await newUser();
    // Counted, and none of them delivered meanwhile.
    mailbox.refusal = new Error('later');
    try {
      await Promise.all(Array.from({ length: 6 }, () => logIn(email, ELSEWHERE)));
      expect(await newLogins(email)).toBe(1);
    } finally {
      mailbox.refusal = undefined;
    }
  });

  it('sends a mail when all networks that the account knew were forgotten', async () => {
    const email = await newUser();
    await auth.dataSource.query(
      'DELETE FROM known_networks WHERE user_id = (SELECT id FROM users WHERE email = $1)',
      [email],
    );
    await logIn(email, ELSEWHERE);
    await takeMail(auth, mailbox, email, 'New login');
  });

  it('with a second factor sends a mail when the factor was right, and not before', async () => {
    const { email, secret } = await enrolled(auth);
    await takeMail(auth, mailbox, email, 'second factor');
    const { ticket } = (await logIn(email, ELSEWHERE)).body.mfa;
    expect(await newLogins(email)).toBe(0);
    const proof = { ticket, code: codeFor(auth, secret) };
    expect((await secondStep(auth, proof, from(ELSEWHERE))).status).toBe(200);
    await takeMail(auth, mailbox, email, 'New login');
  });

  it('with a passkey alone sends a mail, too', async () => {
    const email = await newUser();
    const { access_token: token } = (await logIn(email, HOME)).body;
    const passkey = new SoftPasskey('http://localhost:3000');
    const post = async (path: string, call: Call = {}) =>
      (await auth.call<PasskeyOptions>('POST', `/auth/${path}`, call)).body;
    const added = passkey.create(await post('factors/passkeys/options', { token }));
    await post('factors/passkeys', { token, body: { passkey: added } });
    const proof = passkey.get(await post('login/passkey/options'));
    await post('login/passkey', { body: { passkey: proof }, headers: from(ELSEWHERE) });
    await takeMail(auth, mailbox, email, 'New login');
  });

  // threat:mail-flood
  it('does not fill the mailbox, from however many networks', async () => {
    const email = await newUser();
    // The pauses of the limit do not pass, however slow the machine is.
    auth.clock.stop();
    for (let n = 1; n <= 9; n += 1) {
      expect((await logIn(email, `203.0.113.${n}`)).status).toBe(200);
    }
    const waiting = () =>
      auth.dataSource.query<object[]>('SELECT FROM outgoing_mails WHERE recipient = $1', [email]);
    await expect
      .poll(async () => (await auth.get(MailSender).sendDue(), await waiting()), {
        timeout: 30_000,
      })
      .toEqual([]);
    const sent = await newLogins(email);
    expect(sent).toBeGreaterThanOrEqual(5);
    expect(sent).toBeLessThan(9);
  });

  it('is answered while the mail server is away', async () => {
    const email = await newUser();
    mailbox.refusal = new Error('the disk is full');
    try {
      expect((await logIn(email, ELSEWHERE)).status).toBe(200);
      expect(await newLogins(email)).toBe(1);
    } finally {
      mailbox.refusal = undefined;
    }
  });
});

describe('the reuse of a refresh token', () => {
  const reuse = (token: string, address = ELSEWHERE) =>
    auth.call('POST', '/auth/refresh', {
      body: { refresh_token: token },
      headers: from(address),
    });

  it('sends the user one mail, and the retry of a refresh sends none', async () => {
    const email = await newUser();
    const { refresh_token: token } = (await logIn(email, HOME)).body;
    expect((await reuse(token, HOME)).status).toBe(200);
    expect((await reuse(token, HOME)).status).toBe(200);
    expect(await copied(email)).toBe(0);
    auth.clock.advance(60_000);
    expect((await reuse(token)).body.code).toBe('refresh_token_reused');
    const { text } = await takeMail(auth, mailbox, email, 'ended a session');
    expect(text).toContain(ELSEWHERE);
    expect((await reuse(token)).body.code).toBe('refresh_token_reused');
    expect(await copied(email)).toBe(0);
  });

  it('of a session that the user has ended is not', async () => {
    const email = await newUser();
    const { refresh_token: token, access_token } = (await logIn(email, HOME)).body;
    await reuse(token, HOME);
    await auth.call('POST', '/auth/logout', { token: access_token });
    auth.clock.advance(60_000);
    await reuse(token);
    expect(await copied(email)).toBe(0);
  });

  it('of a session that is over in any case is not, and is no theft in the audit log', async () => {
    const email = await newUser();
    const { refresh_token: token } = (await logIn(email, HOME)).body;
    await reuse(token, HOME);
    auth.clock.advance(91 * 86_400_000);
    expect((await reuse(token)).body.code).toBe('refresh_token_reused');
    expect(await copied(email)).toBe(0);
    const events = await auth.dataSource.query<object[]>(
      `SELECT FROM audit_events WHERE action = 'session.refresh_token_reused'
         AND detail->>'userId' = (SELECT id::text FROM users WHERE email = $1)`,
      [email],
    );
    expect(events).toEqual([]);
  });
});
