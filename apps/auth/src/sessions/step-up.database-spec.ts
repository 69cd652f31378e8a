import { describe, expect, it, vi } from 'vitest';

import {
  codeFor,
  enrolled,
  forgetCodes,
  said,
  secondStep,
  ticketFor,
} from '../factors/authenticator.fixture.js';
import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import { UsersRepository } from '../users/users.repository.js';

const auth = AuthApp.forFile({ SEED_DEMO: 'on' });

const stepUp = (token: string, body: object = { password: PASSWORD }) =>
  auth.call<{ access_token: string; scope: string; refresh_token?: string; code: string }>(
    'POST',
    '/auth/step-up',
    { token, body },
  );

/** As if the user had logged in that long ago; the next refresh says so. */
async function oldLogin(email: string, minutes: number) {
  const login = await auth.login(email);
  await auth.dataSource.query(
    `UPDATE sessions SET authenticated_at = now() - $2 * interval '1 minute' WHERE id = $1`,
    [said(login.access_token).sid, minutes],
  );
  return (await auth.refresh(login.refresh_token)).body;
}

const rotate = (token: string) => auth.call('POST', '/admin/keys/rotate', { token });

describe('the tokens of a login', () => {
  it('say when and how the user logged in, and so do those of its refreshes', async () => {
    const login = await auth.login('ada@example.com');
    const first = said(login.access_token);
    expect(first).toMatchObject({ amr: ['pwd'], acr: 'pwd' });
    expect(Math.abs(first.auth_time - Date.now() / 1000)).toBeLessThan(60);
    const later = await oldLogin('ada@example.com', 60);
    const { auth_time: before } = said(later.access_token);
    expect(Math.abs(before - (Date.now() / 1000 - 3600))).toBeLessThan(60);
    const next = (await auth.refresh(later.refresh_token)).body;
    expect(said(next.access_token)).toMatchObject({ auth_time: before, amr: ['pwd'], acr: 'pwd' });
  });

  it('say the start of a session from before that was kept', async () => {
    const login = await auth.login('ada@example.com');
    const { sid } = said(login.access_token);
    await auth.dataSource.query(
      `UPDATE sessions SET authenticated_at = NULL, amr = NULL, created_at = '2026-01-01Z' WHERE id = $1`,
      [sid],
    );
    const { access_token: token } = (await auth.refresh(login.refresh_token)).body;
    expect(said(token)).toMatchObject({ auth_time: Date.UTC(2026, 0) / 1000, amr: ['pwd'] });
  });
});

describe('a step-up', () => {
  it('gives a token with a recent login, raises the session, and leaves the old token', async () => {
    const old = await oldLogin('ada@example.com', 60);
    const answer = await stepUp(old.access_token);
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body.refresh_token).toBeUndefined();
    const raised = said(answer.body.access_token);
    const { sid, auth_time: before } = said(old.access_token);
    expect(raised.sid).toBe(sid);
    expect(raised.auth_time - before).toBeGreaterThan(3_590);
    const me = (token: string) => auth.call('GET', '/auth/me', { token });
    expect((await me(old.access_token)).status).toBe(200);
    const next = (await auth.refresh(old.refresh_token)).body;
    expect(said(next.access_token).auth_time).toBe(raised.auth_time);
    // The new token dies with its session.
    await auth.call('POST', '/auth/logout', { token: next.access_token });
    expect((await me(answer.body.access_token)).body.code).toBe('token_revoked');
  });

  it('of a session past its end is refused, also while the access token lives', async () => {
    const { access_token: token } = await auth.login('ada@example.com');
    const end = `UPDATE sessions SET expires_at = now() - interval '1 s' WHERE id = $1`;
    await auth.dataSource.query(end, [said(token).sid]);
    const answer = await stepUp(token);
    expect(answer).toMatchObject({ status: 401, body: { code: 'token_revoked' } });
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
  });

  it('dies with its session even where no other token of it is alive', async () => {
    const login = await auth.login('ada@example.com');
    const { body } = await stepUp(login.access_token);
    await auth.dataSource.query(
      `UPDATE refresh_tokens SET access_token_expires_at = now() - interval '1 hour'
       WHERE access_token_id = $1`,
      [said(login.access_token).jti],
    );
    await auth.call('POST', '/auth/logout', { token: login.access_token });
    const answer = await auth.call('GET', '/auth/me', { token: body.access_token });
    expect(answer.body.code).toBe('token_revoked');
  });

  it('takes no more than the session may', async () => {
    const body = { email: 'ada@example.com', password: PASSWORD, scope: 'account' };
    const login = await auth.call<{ access_token: string }>('POST', '/auth/login', { body });
    const raised = await stepUp(login.body.access_token);
    expect(raised.body.scope).toBe('account');
    const more = await stepUp(login.body.access_token, {
      password: PASSWORD,
      scope: 'orders:read',
    });
    expect(more.status).toBe(400);
  });

  it('is for the resource that it names, unless the login was for another', async () => {
    const { access_token: free } = await auth.login('ada@example.com');
    const resource = said(free).iss;
    const own = await stepUp(free, { password: PASSWORD, resource });
    expect(said(own.body.access_token).aud).toBe(resource);
    const body = { email: 'ada@example.com', password: PASSWORD, resource };
    const login = await auth.call<{ access_token: string }>('POST', '/auth/login', { body });
    const { access_token: bound } = login.body;
    const same = await stepUp(bound, { password: PASSWORD, resource });
    expect(said(same.body.access_token).aud).toBe(resource);
    expect(await stepUp(bound, { password: PASSWORD, resource: 'api' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_target' },
    });
  });

  it.each([
    [{ password: 'not the password' }, 401, 'invalid_credentials'],
    [{ password: '' }, 400, 'invalid_input'],
    [{}, 400, 'invalid_input'],
    [{ password: ['x'] }, 400, 'invalid_input'],
  ])('with %j is refused, and raises nothing', async (body, status, code) => {
    const old = await oldLogin('ada@example.com', 60);
    expect(await stepUp(old.access_token, body)).toMatchObject({ status, body: { code } });
    const next = (await auth.refresh(old.refresh_token)).body;
    expect(said(next.access_token).auth_time).toBe(said(old.access_token).auth_time);
  });

  it('needs the password of the user, under the limits of a login', async () => {
    await auth.register('guessed@example.com');
    const { access_token: token } = await auth.login('guessed@example.com');
    const codes = [];
    for (let guess = 0; guess < 8; guess += 1) {
      codes.push((await stepUp(token, { password: `guess ${guess}` })).body.code);
    }
    expect(codes).toContain('too_many_attempts');
  });

  it('gives no token for an account that has got the e-mail of the caller', async () => {
    const mine = await auth.register('mine@example.com');
    await auth.register('theirs@example.com');
    const { access_token: token } = await auth.login('mine@example.com');
    const users = auth.get(UsersRepository);
    const me = (await users.findById(mine.body.id))!;
    // Read in the moment before the e-mail moved to the other account.
    const moved = { ...me, email: 'theirs@example.com' };
    const find = vi.spyOn(users, 'findById').mockResolvedValueOnce(moved);
    const answer = await stepUp(token);
    find.mockRestore();
    expect([answer.status, answer.body.code]).toEqual([401, 'invalid_credentials']);
    expect(answer.body.access_token).toBeUndefined();
  });

  it('is in the audit log', async () => {
    const { access_token: token } = await auth.login('ada@example.com');
    await stepUp(token);
    const rows = await auth.dataSource.query<object[]>(
      `SELECT detail FROM audit_events WHERE action = 'session.stepped_up' AND subject = $1`,
      [said(token).sid],
    );
    expect(rows).toEqual([{ detail: { amr: ['pwd'] } }]);
  });
});

describe('a step-up with a second factor', () => {
  const refused = (code: string) => ({ status: 401, body: { code } });

  it('raises a session that has none to mfa, also with the password beside it', async () => {
    const { email, userId, secret, recoveryCodes } = await enrolled(auth);
    // From before the user had a factor.
    const ticket = await ticketFor(auth, email);
    const login = await secondStep(auth, { ticket, recoveryCode: recoveryCodes[0] });
    const { access_token: token, refresh_token: refresh } = login.body;
    await auth.dataSource.query(
      `UPDATE sessions SET amr = '{pwd}', authenticated_at = now() - interval '1 hour' WHERE id = $1`,
      [said(token).sid],
    );
    const { body: old } = await auth.refresh(refresh);
    expect(said(old.access_token).acr).toBe('pwd');
    const body = { code: codeFor(auth, secret), password: PASSWORD };
    const raised = await stepUp(old.access_token, body);
    const claims = { acr: 'mfa', amr: ['pwd', 'otp', 'mfa'] };
    const { auth_time: time } = said(raised.body.access_token);
    expect(said(raised.body.access_token)).toMatchObject(claims);
    expect(time - said(old.access_token).auth_time).toBeGreaterThan(3_500);
    const next = said((await auth.refresh(old.refresh_token)).body.access_token);
    expect(next).toMatchObject({ ...claims, auth_time: time });
    // The factor alone does as well, and the password does not.
    await forgetCodes(auth, userId);
    const alone = (proof: object) => stepUp(old.access_token, proof);
    expect(said((await alone({ code: body.code })).body.access_token)).toMatchObject(claims);
    expect(await alone({ password: PASSWORD })).toMatchObject(
      refused('insufficient_user_authentication'),
    );
    // Used up by that.
    expect(await stepUp(old.access_token, body)).toMatchObject(refused('invalid_code'));
    await forgetCodes(auth, userId);
    const wrong = { ...body, password: 'not the password' };
    expect(await stepUp(old.access_token, wrong)).toMatchObject(refused('invalid_credentials'));
  });

  it('is refused to a user without one', async () => {
    await auth.register('plain@example.com');
    const { access_token: token } = await auth.login('plain@example.com');
    expect(await stepUp(token, { code: '123456' })).toMatchObject(refused('invalid_code'));
  });
});

describe('an administrator', () => {
  it('changes things after a recent login or step-up only, and reads at any time', async () => {
    const { access_token: recent } = await auth.login('admin@example.com');
    const name = `reader-${Date.now()}`;
    const body = { name, grants: ['client_credentials'], scopes: [] };
    expect((await auth.call('POST', '/admin/clients', { token: recent, body })).status).toBe(201);

    const { access_token: token } = await oldLogin('admin@example.com', 16);
    expect((await auth.call('GET', '/admin/keys', { token })).status).toBe(200);
    const refused = await rotate(token);
    expect(refused).toMatchObject({
      status: 401,
      body: { code: 'insufficient_user_authentication' },
      headers: {
        'www-authenticate': 'Bearer error="insufficient_user_authentication", max_age="900"',
      },
    });
    const raised = (await stepUp(token)).body.access_token;
    auth.clock.advance(2_000);
    expect((await rotate(raised)).status).toBeLessThan(300);
  });

  it('needs one for every change that there is', async () => {
    const { access_token: token } = await oldLogin('admin@example.com', 16);
    const document = await auth.call<{ paths: Record<string, Record<string, object>> }>(
      'GET',
      '/docs-json',
    );
    const changes = Object.entries(document.body.paths)
      .filter(([path]) => path.startsWith('/admin/'))
      .flatMap(([path, methods]) =>
        Object.keys(methods)
          .filter((method) => method !== 'get')
          .map((method) => [method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'x')] as const),
      );
    expect(changes.length).toBeGreaterThan(15);
    for (const [method, path] of changes) {
      const answer = await auth.call(method as 'POST', path, { token, body: {} });
      expect([path, answer.body.code]).toEqual([path, 'insufficient_user_authentication']);
    }
  });
});
