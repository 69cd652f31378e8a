import type { EntityManager } from 'typeorm';
import { beforeAll, describe, expect, it, vi } from 'vitest';

import { AuthApp } from '../testing/auth-app.fixture.js';
import { PossibleThefts } from './possible-thefts.js';
import { SessionEndService } from './session-end.service.js';
import type { TokenResponse } from './sessions.schema.js';

const auth = AuthApp.forFile();
let ending: SessionEndService;
const announced = vi.fn<(manager: EntityManager, userId: string) => Promise<void>>();
beforeAll(async () => {
  ending = auth.get(SessionEndService);
  auth.get(PossibleThefts).listen(announced);
});

interface Claims {
  readonly sid: string;
  readonly jti: string;
  readonly exp: number;
}
const claimsOf = ({ access_token: token }: TokenResponse): Claims =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Claims;

let count = 0;
async function newUser() {
  const email = `ending-${(count += 1)}@example.com`;
  const { id } = (await auth.register(email)).body;
  return { id, email };
}

const inTransaction = <T>(work: (manager: EntityManager) => Promise<T>): Promise<T> =>
  auth.dataSource.transaction(work);

const origin = { address: '192.0.2.7', userAgent: null, requestId: 'of-the-request' };

/** As if the access token had expired so many seconds ago. */
const expire = (tokens: TokenResponse, seconds: number) =>
  auth.dataSource.query(
    `UPDATE refresh_tokens SET access_token_expires_at = now() - $2 * interval '1 s'
     WHERE access_token_id = $1`,
    [claimsOf(tokens).jti, seconds],
  );

const revoked = async (kind: 'jti' | 'sid', ids: string[]): Promise<boolean[]> => {
  const rows = await auth.dataSource.query<{ id: string }[]>(
    'SELECT id FROM revoked_tokens WHERE kind = $1 AND id = ANY($2)',
    [kind, ids],
  );
  return ids.map((id) => rows.some((row) => row.id === id));
};

const lastEvent = async (subject: string): Promise<object | undefined> => {
  const [event] = await auth.dataSource.query<object[]>(
    `SELECT action, actor, detail, address FROM audit_events
     WHERE subject = $1 ORDER BY id DESC LIMIT 1`,
    [subject],
  );
  return event;
};

describe('the access tokens of a user', () => {
  it('are revoked while a service may accept them, and the sessions go on', async () => {
    const { id, email } = await newUser();
    const [ended, late, expired, open] = [
      await auth.login(email),
      await auth.login(email),
      await auth.login(email),
      await auth.login(email),
    ];
    const another = await auth.login((await newUser()).email);
    await auth.call('POST', '/auth/logout', { token: ended.access_token });
    await expire(late, 50);
    await expire(expired, 70);
    expect(await inTransaction((manager) => ending.revokeAccessTokens(manager, id))).toBe(2);
    const jtis = [ended, late, expired, open, another].map((tokens) => claimsOf(tokens).jti);
    expect(await revoked('jti', jtis)).toEqual([false, true, false, true, false]);
    const { jti, exp } = claimsOf(open);
    const [row] = await auth.dataSource.query<object[]>(
      'SELECT exp::int FROM revoked_tokens WHERE id = $1',
      [jti],
    );
    expect(row).toEqual({ exp });
    for (const { refresh_token } of [late, expired, open]) {
      expect((await auth.refresh(refresh_token)).status).toBe(200);
    }
  });
});

describe('the end of a session', () => {
  it.each([
    ['deleted', 'session.ended', true],
    ['revoked', 'session.ended', true],
    ['reuse', 'session.refresh_token_reused', true],
    ['logout', 'session.ended', false],
  ] as const)('by %s is recorded as %s, and announced: %s', async (reason, action, isAnnounced) => {
    const { id: userId, email } = await newUser();
    const { sid: sessionId } = claimsOf(await auth.login(email));
    announced.mockClear();
    const end = () =>
      inTransaction((manager) =>
        ending.endSession(manager, { userId, sessionId, reason, actor: userId, origin }),
      );
    expect(await end()).toBe(true);
    expect(await revoked('sid', [sessionId])).toEqual([true]);
    expect(await lastEvent(sessionId)).toEqual({
      action,
      actor: userId,
      detail: { userId, reason },
      address: origin.address,
    });
    const listened = announced.mock.calls.map(([, user]) => user);
    expect(listened).toEqual(isAnnounced ? [userId] : []);
    // Twice is once.
    expect(await end()).toBe(false);
    expect(announced.mock.calls).toHaveLength(listened.length);
  });

  // In another order than users first, two transactions could wait for each other.
  it.each([
    ['deleted', true],
    ['revoked', true],
    ['reuse', false],
    ['logout', false],
  ] as const)('by %s keeps others from changing the user: %s', async (reason, isLocked) => {
    const { id: userId, email } = await newUser();
    const { sid: sessionId } = claimsOf(await auth.login(email));
    const free = await inTransaction(async (manager) => {
      await ending.endSession(manager, { userId, sessionId, reason, actor: userId, origin });
      const sql = 'SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE SKIP LOCKED';
      return auth.dataSource.query<object[]>(sql, [userId]);
    });
    expect(free).toHaveLength(isLocked ? 0 : 1);
  });

  it('of all sessions but one is recorded once, and announced', async () => {
    const { id: userId, email } = await newUser();
    const all = [await auth.login(email), await auth.login(email), await auth.login(email)];
    const [except, ...others] = all.map((tokens) => claimsOf(tokens).sid);
    announced.mockClear();
    const end = { userId, reason: 'password_changed', except, actor: userId, origin } as const;
    expect(await inTransaction((manager) => ending.endAllSessions(manager, end))).toHaveLength(2);
    expect(await revoked('sid', [except ?? '', ...others])).toEqual([false, true, true]);
    expect(await lastEvent(userId)).toEqual({
      action: 'sessions.ended',
      actor: userId,
      detail: { reason: 'password_changed', count: 2 },
      address: origin.address,
    });
    expect(announced.mock.calls.map(([, user]) => user)).toEqual([userId]);
  });
});
