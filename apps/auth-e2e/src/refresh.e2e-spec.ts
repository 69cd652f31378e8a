import { once } from 'node:events';
import { connect } from 'node:net';
import { call, outcome, startApp, type RunningApp } from '@jwt-auth/dev-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Administrator } from './administrator.js';
import { decode, login, newSession, refresh, register, type TokenResponse } from './users.js';
import { Stack } from './stack.js';

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.shared();
});

/** Refreshes at one process and the other, and returns each answer from the first login on. */
async function rotate(first: TokenResponse, times: number): Promise<TokenResponse[]> {
  const chain = [first];
  for (let i = 0; i < times; i++) {
    const { status, body } = await refresh(stack.auth(i % 2), chain.at(-1)?.refresh_token);
    expect(status).toBe(200);
    chain.push(body);
  }
  return chain;
}

/** Lets the window pass in which a repeated refresh gets the answer once more. */
async function passRetryWindow(token: TokenResponse): Promise<void> {
  await stack.query(
    `UPDATE refresh_tokens SET replaced_at = replaced_at - interval '1 hour'
     WHERE session_id = $1 AND replaced_at IS NOT NULL`,
    [decode(token.access_token).payload['sid']],
  );
}

/** Presents a token and hangs up with the first byte of the answer, before it is read. */
async function refreshAndLoseTheAnswer(auth: string, token: string): Promise<void> {
  const body = JSON.stringify({ refresh_token: token });
  const { hostname, port } = new URL(auth);
  const socket = connect(Number(port), hostname);
  socket.write(
    `POST /auth/refresh HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
  await once(socket, 'data');
  socket.destroy();
}

describe('a refresh', () => {
  it('replaces both tokens, and keeps the session and its narrowed scope', async () => {
    const email = await register(stack.auth());
    const { body: first } = await call<TokenResponse>(`${stack.auth()}/auth/login`, {
      body: { email, password: 'seven herons over the weir', scope: 'orders:read' },
    });
    const { status, headers, body } = await refresh(stack.auth(1), first.refresh_token);
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(Object.keys(body).sort()).toEqual(Object.keys(first).sort());
    expect(body.scope).toBe('orders:read');
    expect(body.refresh_token).not.toBe(first.refresh_token);
    const [before, after] = [decode(first.access_token), decode(body.access_token)];
    expect(after.payload['sid']).toBe(before.payload['sid']);
    expect(after.payload['jti']).not.toBe(before.payload['jti']);
    expect(await stack.verdict(body.access_token)).toBe('ok');
  });

  it('gives fifty simultaneous calls over two processes the same successor', async () => {
    const { refresh_token: token } = await newSession(stack.auth());
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => refresh(stack.auth(i % 2), token)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
    expect(new Set(answers.map(({ body }) => body.access_token)).size).toBe(1);
    expect(outcome(await refresh(stack.auth(), answers[0]?.body.refresh_token))).toBe('ok');
  });

  it('whose answer was lost can be retried at another process', async () => {
    const { refresh_token: token } = await newSession(stack.auth());
    await refreshAndLoseTheAnswer(stack.auth(), token);
    const retried = await refresh(stack.auth(1), token);
    expect(retried.status).toBe(200);
    expect(outcome(await refresh(stack.auth(), retried.body.refresh_token))).toBe('ok');
  });

  it('leaves no usable token in the database', async () => {
    const chain = await rotate(await newSession(stack.auth()), 2);
    const { sid } = decode(chain[0]!.access_token).payload;
    const [stored] = await stack.query<{ rows: string }>(
      'SELECT json_agg(token)::text AS rows FROM refresh_tokens token WHERE session_id = $1',
      [sid],
    );
    for (const { refresh_token: token, access_token: access } of chain) {
      const hex = (text: string) => Buffer.from(text).toString('hex');
      const bytes = Buffer.from(token, 'base64url').toString('hex');
      for (const reading of [token, hex(token), bytes, access, hex(access.slice(-40))]) {
        expect(stored?.rows).not.toContain(reading);
      }
    }
    // The kept answers are there all the same, each sealed with the token that it answers.
    expect(stored?.rows.match(/"sealed_successor":"/g)).toHaveLength(2);
  });

  it('has a challenge with a description when it is refused', async () => {
    const { status, headers, body } = await refresh(stack.auth(), 'unknown');
    expect([status, body['code']]).toEqual([401, 'refresh_token_invalid']);
    expect(headers.get('content-type')).toMatch('application/problem+json');
    expect(headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  it.each([
    ['no token', undefined, 'invalid_input'],
    ['an empty token', '', 'invalid_input'],
    ['a list', ['token'], 'invalid_input'],
    ['a token of 4,097 characters', 'x'.repeat(4097), 'invalid_input'],
    ['an unknown token', 'x'.repeat(43), 'refresh_token_invalid'],
  ])('is refused with %s', async (_name, token, code) => {
    expect(outcome(await refresh(stack.auth(), token))).toBe(code);
  });

  it('is refused with another spelling of the same bytes, or an access token', async () => {
    const { refresh_token: token, access_token: access } = await newSession(stack.auth());
    for (const other of [`${token}=`, ` ${token}`, access]) {
      expect(outcome(await refresh(stack.auth(), other))).toBe('refresh_token_invalid');
    }
    expect(outcome(await refresh(stack.auth(), token))).toBe('ok');
  });

  it.each([
    [
      'was not used in time',
      `UPDATE refresh_tokens SET expires_at = now() - interval '1 s' WHERE session_id = $1`,
    ],
    [
      'outlived its session',
      `UPDATE sessions SET expires_at = now() - interval '1 s' WHERE id = $1`,
    ],
  ])('is refused as expired when the token %s', async (_name, statement) => {
    const { refresh_token: token, access_token: access } = await newSession(stack.auth());
    await stack.query(statement, [decode(access).payload['sid']]);
    expect(outcome(await refresh(stack.auth(), token))).toBe('refresh_token_expired');
  });

  it('is refused to a user who was disabled', async () => {
    const admin = await Administrator.login(stack.auth());
    const { refresh_token: token, access_token: access } = await newSession(stack.auth());
    const { sub } = decode(access).payload;
    expect(outcome(await admin.changeUser(stack.auth(), sub, { disabled: true }))).toBe('ok');
    expect(outcome(await refresh(stack.auth(1), token))).toBe('refresh_token_invalid');
  });
});

describe('a token that was replaced within the retry window', () => {
  it('gets the newest tokens, as three tabs of one browser need them', async () => {
    const [first, second, third] = await rotate(await newSession(stack.auth()), 2);
    for (const tab of [first, second, first]) {
      const { status, body } = await refresh(stack.auth(1), tab?.refresh_token);
      expect([status, body.refresh_token]).toEqual([200, third?.refresh_token]);
    }
    expect(outcome(await refresh(stack.auth(), third?.refresh_token))).toBe('ok');
  });
});

describe('a token that was replaced before the retry window', () => {
  // threat:refresh-token-theft
  it('ends the session, and its access token is refused at orders', async () => {
    const [stolen, , current] = await rotate(await newSession(stack.auth()), 2);
    await passRetryWindow(current!);
    expect(await stack.verdict(current!.access_token)).toBe('ok');

    const reused = await refresh(stack.auth(1), stolen?.refresh_token);
    expect([reused.status, reused.body['code']]).toEqual([401, 'refresh_token_reused']);

    await expect.poll(() => stack.verdict(current!.access_token)).toBe('token_revoked');
    expect(outcome(await refresh(stack.auth(), current?.refresh_token))).toBe(
      'refresh_token_invalid',
    );
    const events = await stack.query(
      `SELECT actor FROM audit_events
       WHERE action = 'session.refresh_token_reused' AND subject = $1`,
      [decode(current!.access_token).payload['sid']],
    );
    expect(events).toEqual([{ actor: null }]);
  });

  it('ends it also when it arrives together with the current token', async () => {
    const [stolen, , current] = await rotate(await newSession(stack.auth()), 2);
    await passRetryWindow(current!);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        refresh(stack.auth(i % 2), (i % 4 < 2 ? stolen : current)?.refresh_token),
      ),
    );
    const held = [current!, ...answers.filter(({ status }) => status === 200).map((a) => a.body)];
    for (const { refresh_token: token, access_token: access } of held) {
      expect((await refresh(stack.auth(), token)).status).toBe(401);
      await expect.poll(() => stack.verdict(access)).toBe('token_revoked');
    }
  });

  it('leaves the other sessions of the user alone', async () => {
    const { email, ...session } = await newSession(stack.auth());
    const other = await login(stack.auth(), email);
    const [stolen] = await rotate(session, 2);
    await passRetryWindow(stolen!);
    expect(outcome(await refresh(stack.auth(), stolen?.refresh_token))).toBe(
      'refresh_token_reused',
    );
    expect(outcome(await refresh(stack.auth(), other.refresh_token))).toBe('ok');
    expect(await stack.verdict(other.access_token)).toBe('ok');
  });
});

describe('with REFRESH_RETRY_WINDOW=0s', () => {
  let strict: RunningApp;
  beforeAll(async () => {
    strict = await startApp('auth', { env: { ...stack.env, REFRESH_RETRY_WINDOW: '0s' } });
  });
  afterAll(() => strict?.stop());

  it('a token works once, and its second use ends the session', async () => {
    const { refresh_token: token } = await newSession(strict.url);
    const { body } = await refresh(strict.url, token);
    expect(outcome(await refresh(strict.url, body.refresh_token))).toBe('ok');
    expect(outcome(await refresh(strict.url, token))).toBe('refresh_token_reused');
  });

  it('one of many simultaneous calls wins, and the session ends', async () => {
    const { refresh_token: token } = await newSession(strict.url);
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(strict.url, token)));
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    expect((await refresh(strict.url, won[0]?.body.refresh_token)).status).toBe(401);
  });
});
