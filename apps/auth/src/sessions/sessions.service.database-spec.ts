import { beforeAll, expect, it } from 'vitest';

import { said } from '../factors/authenticator.fixture.js';
import { AuthApp } from '../testing/auth-app.fixture.js';
import { SessionsService } from './sessions.service.js';

const auth = AuthApp.forFile();
let sessions: SessionsService;
beforeAll(async () => {
  sessions = auth.get(SessionsService);
});

const origin = { address: '192.0.2.7', userAgent: null, requestId: 'x' };
let count = 0;
async function login() {
  const email = `sessions-service-${(count += 1)}@example.com`;
  await auth.register(email);
  return auth.login(email);
}

it('knows the refresh tokens that were issued, replaced or not', async () => {
  const first = await login();
  const { body: second } = await auth.refresh(first.refresh_token);
  const { sub: userId, sid: sessionId } = said(first.access_token);
  for (const { refresh_token } of [first, second]) {
    expect(await sessions.ofRefreshToken(refresh_token)).toEqual({ userId, sessionId });
  }
  expect(await sessions.ofRefreshToken(second.access_token)).toBeUndefined();
});

it.each([
  ['nobody who is known', null],
  ['a client', 'a-client'],
])('ends the session of a refresh token for %s, once', async (_, actor) => {
  const first = await login();
  const { sid } = said(first.access_token);
  await auth.refresh(first.refresh_token);
  for (let time = 0; time < 2; time += 1) {
    const session = await sessions.ofRefreshToken(first.refresh_token);
    await sessions.logout(session!, { actor, origin });
  }
  const events = await auth.dataSource.query<object[]>(
    `SELECT actor, address, detail->>'reason' AS reason FROM audit_events
     WHERE action = 'session.ended' AND subject = $1`,
    [sid],
  );
  const { address } = origin;
  expect(events).toEqual([{ actor, address, reason: 'logout' }]);
});

it.each([
  ['logout', 'POST', () => '/auth/logout'],
  ['deleted', 'DELETE', (sid: string) => `/auth/sessions/${sid}`],
] as const)('keeps that a session ended by %s', async (reason, method, pathOf) => {
  const { access_token: token } = await login();
  const { sid } = said(token);
  expect((await auth.call(method, pathOf(sid), { token })).status).toBe(204);
  const sql = 'SELECT end_reason FROM sessions WHERE id = $1';
  expect(await auth.dataSource.query(sql, [sid])).toEqual([{ end_reason: reason }]);
});
