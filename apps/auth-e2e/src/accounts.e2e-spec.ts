import { createHash } from 'node:crypto';
import { call, outcome, type Call } from '@jwt-auth/dev-stack';
import { Mailbox } from '@jwt-auth/dev-stack/mailbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Stack } from './stack.js';
import { newEmail, newSession, PASSWORD, register, tryLogin } from './users.js';

const NEW_PASSWORD = 'nine otters below the bridge';

let mailbox: Mailbox;
let stack: Stack;
/** Addresses of the two processes. */
let here: string;
let there: string;

beforeAll(async () => {
  mailbox = await Mailbox.start();
  const env = { SMTP_URL: mailbox.smtpUrl, TRUST_PROXY: '1' };
  stack = await Stack.start({ processes: 2, withOrders: true, env });
  [here, there] = [stack.auth(0), stack.auth(1)];
});
afterAll(async () => {
  await stack?.stop();
  await mailbox?.stop();
});

/** The token of the link in the next mail. */
async function linkToken(email: string, subject: string): Promise<string> {
  const { text } = await mailbox.take(email, subject);
  return /#token=([\w-]+)$/m.exec(text)?.[1] ?? '';
}
const post = async (url: string, body: object, more: Call = {}) =>
  outcome(await call(url, { body, ...more }));
const login = async (email: string, password = PASSWORD) =>
  outcome(await tryLogin(here, email, password));

describe('a request that starts at one process and ends at another:', () => {
  it('a forgotten password is reset, and orders refuses the token of the session before', async () => {
    const { email, access_token: token } = await newSession(here);
    expect(await stack.verdict(token)).toBe('ok');
    const { status, body } = await call(`${here}/auth/password/forgot`, { body: { email } });
    expect([status, body]).toEqual([202, {}]);
    const link = { token: await linkToken(email, 'Reset'), newPassword: NEW_PASSWORD };
    expect(await post(`${there}/auth/password/reset`, link)).toBe('ok');
    expect(await post(`${here}/auth/password/reset`, link)).toBe('link_invalid');
    await expect.poll(() => stack.verdict(token)).toBe('token_revoked');
    expect(await login(email)).toBe('invalid_credentials');
    expect(await login(email, NEW_PASSWORD)).toBe('ok');
  });

  it('an e-mail is verified and changed, and the old one gets a mail', async () => {
    const { email, access_token: token } = await newSession(here);
    const me = async () => (await call(`${here}/auth/me`, { token })).body;
    expect(await me()).toMatchObject({ email, emailVerified: false });
    const verification = { token: await linkToken(email, 'Verify') };
    expect(await post(`${there}/auth/email/verify`, verification)).toBe('ok');
    expect(await me()).toMatchObject({ emailVerified: true });

    const newOne = newEmail();
    expect(await post(`${here}/auth/email/change`, { newEmail: newOne }, { token })).toBe('ok');
    const confirmation = { token: await linkToken(newOne, 'Confirm') };
    expect(await post(`${there}/auth/email/change/confirm`, confirmation)).toBe('ok');
    expect(await me()).toMatchObject({ email: newOne, emailVerified: true });
    await mailbox.take(email, 'was changed');
    expect(await login(email)).toBe('invalid_credentials');
    expect(await login(newOne)).toBe('ok');
  });

  it('an account is deleted, orders refuses its token, and a link restores it', async () => {
    const { email, access_token: token } = await newSession(here);
    expect((await call(`${here}/auth/me`, { method: 'DELETE', token })).status).toBe(204);
    await expect.poll(() => stack.verdict(token)).toBe('token_revoked');
    expect(await login(email)).toBe('invalid_credentials');
    const link = { token: await linkToken(email, 'being deleted') };
    expect(await post(`${there}/auth/account/restore`, link)).toBe('ok');
    expect(await login(email)).toBe('ok');
  });
});

// threat:mail-flood
describe('requests for mail that alternate between processes', () => {
  const forgot = async (number: number, email: string, from: string) =>
    post(`${number % 2 === 0 ? here : there}/auth/password/forgot`, { email }, { from });

  it('share one count of an e-mail, whichever address they are from', async () => {
    const email = await register(here);
    for (let n = 0; n < 4; n += 1) {
      expect(await forgot(n, email, `198.51.100.${n}`)).toBe('ok');
    }
    const hash = createHash('sha256').update(email).digest('base64url');
    const counts = await stack.query(
      'SELECT failures, blocked_until IS NOT NULL AS "isPaused" FROM login_limits WHERE key = $1',
      [`mails:reset:${hash}`],
    );
    expect(counts).toEqual([{ failures: 4, isPaused: true }]);
  });

  it('share one count of an address, whichever e-mails they are for', async () => {
    const outcomes = [];
    // Either process alone has 20 of them, and 30 are free. More, as a slow machine outlasts pauses.
    for (let n = 0; n < 40; n += 1) outcomes.push(await forgot(n, newEmail(), '203.0.113.9'));
    expect(outcomes.slice(0, 30)).toEqual(Array<string>(30).fill('ok'));
    expect(outcomes).toContain('too_many_attempts');
  });
});
