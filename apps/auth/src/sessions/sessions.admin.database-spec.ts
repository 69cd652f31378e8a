import { randomUUID } from 'node:crypto';

import { beforeAll, describe, expect, it } from 'vitest';

import { AuthApp, type ProblemBody } from '../testing/auth-app.fixture.js';
import type { SessionList } from './sessions.schema.js';

const auth = AuthApp.forFile({ SEED_DEMO: 'on' });
let admin: string;
beforeAll(async () => {
  ({ access_token: admin } = await auth.login('admin@example.com'));
});
let adminId: string;
beforeAll(async () => {
  ({ id: adminId } = (await auth.call<{ id: string }>('GET', '/auth/me', { token: admin })).body);
});

const call = <Body = ProblemBody>(method: 'GET' | 'DELETE', path: string, token = admin) =>
  auth.call<Body>(method, `/admin/users/${path}`, { token });
const listOf = async (id: string): Promise<SessionList> =>
  (await call<SessionList>('GET', `${id}/sessions`)).body;
const statusOf = async (token: string): Promise<number> =>
  (await auth.call('GET', '/auth/me', { token })).status;
const lastEvent = async (subject: string): Promise<object | undefined> => {
  const [event] = await auth.dataSource.query<object[]>(
    `SELECT action, actor, detail FROM audit_events WHERE subject = $1 ORDER BY id DESC LIMIT 1`,
    [subject],
  );
  return event;
};

let count = 0;
/** A new user with two sessions, the later first. */
async function newUser() {
  const email = `sessions-${(count += 1)}@example.com`;
  const { id } = (await auth.register(email)).body;
  const earlier = await auth.login(email);
  return { id, email, sessions: [await auth.login(email), earlier] as const };
}

describe('the sessions of a user, for an administrator', () => {
  it('are listed as the user sees them, and none is the one that asks', async () => {
    const { id, sessions } = await newUser();
    const own = await auth.call<SessionList>('GET', '/auth/sessions', {
      token: sessions[0].access_token,
    });
    expect(own.body).toHaveLength(2);
    expect(await listOf(id)).toEqual(own.body.map((each) => ({ ...each, current: false })));
    expect(await listOf(id.toUpperCase())).toHaveLength(2);
    expect((await listOf(adminId)).map(({ current }) => current)).toContain(true);
  });

  it('do not end by an id that is none', async () => {
    const { id, sessions } = await newUser();
    const [later] = await listOf(id);
    for (const path of [`none/sessions/${later?.id}`, `${id}/sessions/none`]) {
      const answer = await call('DELETE', path);
      expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
    for (const { access_token: token } of sessions) expect(await statusOf(token)).toBe(200);
  });

  it('end one by one', async () => {
    const { id, sessions } = await newUser();
    const [later] = await listOf(id);
    const path = `${id}/sessions/${later?.id}`;
    expect(await call('DELETE', path)).toMatchObject({ status: 204, body: undefined });
    expect(await statusOf(sessions[0].access_token)).toBe(401);
    expect((await auth.refresh(sessions[0].refresh_token)).status).toBe(401);
    expect(await statusOf(sessions[1].access_token)).toBe(200);
    expect(await lastEvent(later?.id ?? '')).toEqual({
      action: 'session.ended',
      actor: adminId,
      detail: { userId: id, reason: 'revoked' },
    });
    expect(await call('DELETE', path)).toMatchObject({ status: 404 });
  });

  it('end all at once, and the user can log in again', async () => {
    const { id, email, sessions } = await newUser();
    expect(await call('DELETE', `${id}/sessions`)).toMatchObject({ status: 204 });
    for (const { access_token, refresh_token } of sessions) {
      expect(await statusOf(access_token)).toBe(401);
      expect((await auth.refresh(refresh_token)).status).toBe(401);
    }
    expect(await listOf(id)).toEqual([]);
    expect(await lastEvent(id)).toEqual({
      action: 'sessions.ended',
      actor: adminId,
      detail: { reason: 'revoked', count: 2 },
    });
    expect(await statusOf((await auth.login(email)).access_token)).toBe(200);
  });

  it('do not end under the id of another user', async () => {
    const [one, two] = [await newUser(), await newUser()];
    const [{ id } = { id: '' }] = await listOf(two.id);
    expect(await call('DELETE', `${one.id}/sessions/${id}`)).toMatchObject({ status: 404 });
    expect(await statusOf(two.sessions[0].access_token)).toBe(200);
  });

  it('end when their id is revoked, which passes over the sessions of another issuer', async () => {
    const { id, sessions } = await newUser();
    const [later] = await listOf(id);
    const revoke = async (sid: string | undefined) => {
      const body = { kind: 'sid', id: sid };
      return (await auth.call('POST', '/admin/revocations', { token: admin, body })).status;
    };
    for (const sid of [later?.id, randomUUID(), 'of-another-issuer']) {
      expect(await revoke(sid)).toBe(201);
    }
    expect((await auth.refresh(sessions[0].refresh_token)).status).toBe(401);
    expect((await auth.refresh(sessions[1].refresh_token)).status).toBe(200);
    const events = await auth.dataSource.query<object[]>(
      `SELECT actor, address, detail FROM audit_events
       WHERE action = 'session.ended' AND subject = $1`,
      [later?.id],
    );
    const detail = { userId: id, reason: 'revoked' };
    expect(events).toEqual([{ actor: adminId, address: '127.0.0.1', detail }]);
  });

  it.each([
    ['GET', `${randomUUID()}/sessions`],
    ['GET', 'nobody/sessions'],
    ['DELETE', `${randomUUID()}/sessions`],
    ['DELETE', 'nobody/sessions'],
    ['DELETE', `${randomUUID()}/sessions/${randomUUID()}`],
    ['DELETE', 'nobody/sessions/none'],
  ] as const)('are not there for %s %s', async (method, path) => {
    expect(await call(method, path)).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it.each(['GET', 'DELETE'] as const)('are closed to others: %s', async (method) => {
    const { id, sessions } = await newUser();
    const answer = await call(method, `${id}/sessions`, sessions[0].access_token);
    expect(answer).toMatchObject({ status: 403, body: { code: 'insufficient_role' } });
  });
});
