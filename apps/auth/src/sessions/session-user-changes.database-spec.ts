import { expect, it } from 'vitest';

import { addApp, enrolled, said } from '../factors/authenticator.fixture.js';
import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';

const auth = AuthApp.forFile({ SEED_DEMO: 'on' });

const me = (token: string) => auth.call('GET', '/auth/me', { token });
const afterRefresh = async (token: string) => said((await auth.refresh(token)).body.access_token);

it('a factor that is added counts for the session that has added it, and for no other', async () => {
  await auth.register('adds-one@example.com');
  const [one, other] = [
    await auth.login('adds-one@example.com'),
    await auth.login('adds-one@example.com'),
  ];
  await addApp(auth, one.access_token);
  const added = { amr: ['pwd', 'otp', 'mfa'], acr: 'mfa' };
  expect(await afterRefresh(one.refresh_token)).toMatchObject(added);
  expect(await afterRefresh(other.refresh_token)).toMatchObject({ amr: ['pwd'], acr: 'pwd' });
});

it('without a factor no open session has proved one, and tokens that say so are revoked', async () => {
  const [ada, bob] = [await enrolled(auth), await enrolled(auth)];
  const { access_token: token } = await auth.login('admin@example.com');
  const ended = said(bob.token).sid;
  const { access_token: open } = (await auth.refresh(bob.refreshToken)).body;
  await auth.call('POST', '/auth/logout', { token: open });
  for (const { userId } of [ada, bob]) {
    const answer = await auth.call('DELETE', `/admin/users/${userId}/factors`, { token });
    expect(answer.status).toBeLessThan(300);
  }
  expect((await me(ada.token)).body.code).toBe('token_revoked');
  expect(await afterRefresh(ada.refreshToken)).toMatchObject({ amr: ['pwd'], acr: 'pwd' });
  const history = await auth.dataSource.query<object[]>('SELECT amr FROM sessions WHERE id = $1', [
    ended,
  ]);
  expect(history).toEqual([{ amr: ['pwd', 'otp', 'mfa'] }]);
});

it('the factors of another user change nothing', async () => {
  const [ada, bob] = [await enrolled(auth), await enrolled(auth)];
  const { access_token: token } = await auth.login('admin@example.com');
  await auth.call('DELETE', `/admin/users/${ada.userId}/factors`, { token });
  expect((await me(bob.token)).status).toBe(200);
  expect((await afterRefresh(bob.refreshToken)).acr).toBe('mfa');
});

it('what reference tokens say of a user goes with the user, and not before', async () => {
  const email = 'refers@example.com';
  const { id } = (await auth.register(email)).body;
  await auth.call('POST', '/auth/login', {
    body: { email, password: PASSWORD, token_format: 'reference' },
  });
  const { access_token: token } = await auth.login('admin@example.com');
  const kept = async () => {
    const sql = `SELECT FROM reference_tokens WHERE claims->>'sub' = $1`;
    return (await auth.dataSource.query<object[]>(sql, [id])).length;
  };
  const path = `/admin/users/${id}`;
  await auth.call('PATCH', path, { token, body: { disabled: true } });
  expect(await kept()).toBe(1);
  expect((await auth.call('DELETE', path, { token })).status).toBeLessThan(300);
  expect(await kept()).toBe(0);
});
