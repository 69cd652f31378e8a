import { describe, expect, it } from 'vitest';

import { said } from '../factors/authenticator.fixture.js';
import {
  passkeyOptions,
  passkeyOwner,
  SoftPasskey,
  type Deviation,
} from '../factors/soft-passkey.fixture.js';
import { AuthApp } from '../testing/auth-app.fixture.js';
import type { TokenResponse } from './sessions.schema.js';

const ORIGIN = 'http://localhost:3000';
const PAGE = 'https://app.example.com';

const auth = AuthApp.forFile({ ISSUER: ORIGIN, CORS_ORIGINS: PAGE });
const elsewhere = AuthApp.forFile(() => ({
  ...{ ISSUER: ORIGIN, DATABASE_URL: auth.databaseUrl },
  ...{ TRUST_PROXY: '1', REGISTRATION_LIMIT: '3' },
}));

const refused = (code: string, status = 401) => ({ status, body: { code } });
const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
const LOGIN = '/auth/login/passkey';
const loginOptions = () => passkeyOptions(auth, `${LOGIN}/options`);
const owner = () => passkeyOwner(auth, new SoftPasskey(ORIGIN));
const loginAlone = (passkey: object, more = {}, app = auth, headers = {}) =>
  app.call<TokenResponse & { code: string }>('POST', LOGIN, {
    ...{ body: { passkey, ...more }, headers },
  });

describe('a login with a passkey alone', () => {
  it('starts a session that has proved two factors, on our pages and those that may call', async () => {
    const { id, passkey } = await owner();
    const options = await loginOptions();
    expect(options).toMatchObject({ allowCredentials: [], userVerification: 'required' });
    const userHandle = Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url');
    const login = await loginAlone(passkey.get(options, { userHandle, origin: PAGE }));
    expect(login).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
    expect(said(login.body.access_token)).toMatchObject({
      ...{ sub: id, acr: 'mfa', amr: ['hwk', 'mfa'] },
    });
    const next = await auth.refresh(login.body.refresh_token);
    expect(said(next.body.access_token).amr).toEqual(['hwk', 'mfa']);
  });

  it('has the refresh token in its body for any page, which needs no cookie', async () => {
    const { passkey } = await owner();
    const assertion = passkey.get(await loginOptions());
    const login = await loginAlone(assertion, {}, auth, foreign);
    expect(login.body).toHaveProperty('refresh_token');
  });

  it('takes what a login takes', async () => {
    const { passkey } = await owner();
    const assertion = passkey.get(await loginOptions());
    const more = { delivery: 'cookie', scope: 'account' };
    const refusal = await loginAlone(assertion, more, auth, foreign);
    expect(refusal).toMatchObject(refused('cross_site_request', 403));
    const login = await loginAlone(assertion, more, auth, { 'sec-fetch-site': 'same-origin' });
    expect(login.body).toMatchObject({ scope: 'account' });
    expect(login.body).not.toHaveProperty('refresh_token');
    expect(login.headers['set-cookie']).toMatch(/^refresh_token=/);
  });

  it('happens once for a challenge, also at two processes at the same moment', async () => {
    const { passkey } = await owner();
    const assertion = passkey.get(await loginOptions());
    const answers = await Promise.all([
      loginAlone(assertion),
      loginAlone(assertion, {}, elsewhere),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
    expect(await loginAlone(assertion)).toMatchObject(refused('invalid_passkey'));
  });

  it.each<[string, Deviation]>([
    // threat:phishing
    ['on a page of someone else', { origin: 'https://evil.example' }],
    ['for another host', { rpId: 'evil.example' }],
    ['without verification of the user', { isVerified: false }],
    ['by an answer to a creation', { type: 'webauthn.create' }],
    ['for a challenge that was never issued', { challenge: 'AAAA' }],
    ['with the key of another passkey', { keyOf: new SoftPasskey(ORIGIN) }],
    ['with the handle of another user', { userHandle: 'AAAA' }],
  ])('is refused %s', async (_, deviation) => {
    const { passkey } = await owner();
    const assertion = passkey.get(await loginOptions(), deviation);
    expect(await loginAlone(assertion)).toMatchObject(refused('invalid_passkey'));
  });

  it('is refused to a copy, whose count is behind', async () => {
    const { passkey } = await owner();
    const login = async (deviation?: Deviation) =>
      loginAlone(passkey.get(await loginOptions(), deviation));
    expect((await login({ count: 7 })).status).toBe(200);
    expect(await login({ count: 7 })).toMatchObject(refused('invalid_passkey'));
  });

  it.each<[string, string]>([
    [
      'late',
      `UPDATE passkey_challenges SET expires_at = now() - interval '1 s' WHERE bound_to = 'login'`,
    ],
    ['to a disabled user', 'UPDATE users SET is_disabled = true WHERE id = $1'],
    ['once it was removed', 'DELETE FROM factors WHERE user_id = $1'],
    ['to a deleted user', 'DELETE FROM users WHERE id = $1'],
  ])('is refused %s', async (_, sql) => {
    const { id, passkey } = await owner();
    const assertion = passkey.get(await loginOptions());
    await auth.dataSource.query(sql, sql.includes('$1') ? [id] : []);
    expect(await loginAlone(assertion)).toMatchObject(refused('invalid_passkey'));
  });

  it('is refused to an unknown passkey, in the same words', async () => {
    const assertion = new SoftPasskey(ORIGIN).get(await loginOptions());
    expect(await loginAlone(assertion)).toMatchObject(refused('invalid_passkey'));
  });

  it.each<[string, object]>([
    ['nothing', {}],
    ['an id that is no base64url', { id: 'a b', rawId: 'a b', type: 'public-key' }],
    ['a huge id', { id: 'a'.repeat(1365), rawId: 'a', type: 'public-key' }],
    ['another type', { id: 'a', rawId: 'a', type: 'password' }],
  ])('with %s is bad input', async (_, passkey) => {
    expect(await loginAlone(passkey)).toMatchObject(refused('invalid_input', 400));
  });

  it('with nonsense where CBOR and JSON belong is refused', async () => {
    const { passkey } = await owner();
    const { response, ...rest } = passkey.get(await loginOptions());
    for (const part of ['clientDataJSON', 'authenticatorData', 'signature'] as const) {
      const assertion = { ...rest, response: { ...response, [part]: 'AAAA' } };
      expect(await loginAlone(assertion)).toMatchObject(refused('invalid_passkey'));
    }
  });
});

describe('challenges for logins', () => {
  it.each([`${LOGIN}/options`, '/auth/step-up/options'])('are never cached: %s', async (path) => {
    const { token } = await owner();
    const answer = await auth.call('POST', path, { token });
    expect(answer).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
  });

  it('are limited for a network', async () => {
    elsewhere.clock.stop();
    const ask = async (address: string) =>
      (
        await elsewhere.call('POST', `${LOGIN}/options`, {
          headers: { 'x-forwarded-for': address },
        })
      ).status;
    const statuses: number[] = [];
    for (let index = 0; index < 6; index += 1) statuses.push(await ask('203.0.113.9'));
    expect(statuses.slice(0, 3)).toEqual([200, 200, 200]);
    expect(statuses).toContain(429);
    expect(await ask('203.0.113.10')).toBe(200);
    elsewhere.clock.reset();
  });
});
