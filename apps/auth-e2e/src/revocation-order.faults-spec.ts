import { randomUUID } from 'node:crypto';
import { call, outcome } from '@jwt-auth/dev-stack';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decode, login, newSession, PASSWORD, refresh } from './users.js';
import { Stack } from './stack.js';

interface FeedAnswer extends Record<string, unknown> {
  cursor: string;
  reset: boolean;
  entries: { kind: string; id: string }[];
}

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start({ processes: 2, withOrders: true, mayIntrospect: true });
});
afterAll(() => stack?.stop());

/** What the feed of an auth process answers. */
async function feed(process: number, after?: string, wait = 0): Promise<FeedAnswer> {
  const query = new URLSearchParams({ wait: `${wait}`, ...(after !== undefined && { after }) });
  const url = `${stack.auth(process)}/revocations?${query.toString()}`;
  const { status, body } = await call<FeedAnswer>(url);
  expect(status).toBe(200);
  return body;
}
const ids = ({ entries }: FeedAnswer) => entries.map(({ id }) => id);

const INSERT = `INSERT INTO revoked_tokens (kind, id, exp)
  VALUES ('jti', $1, extract(epoch FROM now())::bigint + 900)`;

/** A transaction that has published an entry, and is committed when the caller wants it. */
async function openTransaction(...statement: [sql: string, values?: unknown[]]) {
  const client = new pg.Client({ connectionString: stack.database });
  await client.connect();
  await client.query('BEGIN');
  await client.query(...statement);
  return async () => {
    await client.query('COMMIT');
    await client.end();
  };
}

/** A user's access token, and its id. */
async function newToken() {
  const { access_token: token } = await newSession(stack.auth());
  return { token, jti: String(decode(token).payload['jti']) };
}

describe('a revocation made through one process', () => {
  it('is in the feed of the other once it is acknowledged', async () => {
    const { access_token: token } = await newSession(stack.auth(0));
    const { cursor } = await feed(1);
    const { status } = await call(`${stack.auth(0)}/auth/logout`, { method: 'POST', token });
    expect(status).toBe(204);
    expect(ids(await feed(1, cursor))).toEqual([decode(token).payload['sid']]);
  });

  it('answers the clients that wait at the other', async () => {
    const { access_token: token } = await newSession(stack.auth(0));
    const { cursor } = await feed(1);
    const waiting = feed(1, cursor, 25);
    await call(`${stack.auth(0)}/auth/logout`, { method: 'POST', token });
    expect(ids(await waiting)).toEqual([decode(token).payload['sid']]);
  });
});

describe('one cursor, used at both processes in turn', () => {
  it('misses nothing, reports nothing twice, and is never reset', async () => {
    let { cursor } = await feed(0);
    for (let turn = 1; turn <= 20; turn++) {
      const id = randomUUID();
      await stack.query(INSERT, [id]);
      const answer = await feed(turn % 2, cursor);
      expect(answer).toMatchObject({ reset: false, entries: [{ kind: 'jti', id }] });
      ({ cursor } = answer);
    }
    expect(await feed(1, cursor)).toMatchObject({ reset: false, entries: [] });
  });

  it('outlives a restart of either', async () => {
    const { cursor } = await feed(0);
    stack.process(1).kill();
    await stack.process(1).exited;
    const id = randomUUID();
    await stack.query(INSERT, [id]);
    await stack.restart(1);
    expect(await feed(1, cursor)).toMatchObject({ reset: false, entries: [{ id }] });
  });
});

describe('transactions that commit out of order', () => {
  it('reach orders each as soon as it commits, whatever is open before and behind it', async () => {
    const tokens = [await newToken(), await newToken(), await newToken()] as const;
    const [first, second, third] = tokens;
    let { cursor } = await feed(0);
    const commitFirst = await openTransaction(INSERT, [first.jti]);
    const commitSecond = await openTransaction(INSERT, [second.jti]);
    const commitThird = await openTransaction(INSERT, [third.jti]);
    const verdicts = () => Promise.all(tokens.map(({ token }) => stack.verdict(token)));
    expect(await verdicts()).toEqual(['ok', 'ok', 'ok']);

    const steps = [
      { commit: commitThird, jti: third.jti, then: ['ok', 'ok', 'token_revoked'] },
      { commit: commitFirst, jti: first.jti, then: ['token_revoked', 'ok', 'token_revoked'] },
      { commit: commitSecond, jti: second.jti, then: Array(3).fill('token_revoked') },
    ];
    for (const [turn, { commit, jti, then }] of steps.entries()) {
      await commit();
      const answer = await feed(turn % 2, cursor);
      expect(answer).toMatchObject({ reset: false, entries: [{ kind: 'jti', id: jti }] });
      ({ cursor } = answer);
      await expect.poll(verdicts).toEqual(then);
    }
    expect(ids(await feed(0, cursor))).toEqual([]);
  });

  it('do not wait for a long one elsewhere in the database', async () => {
    const endLongOne = await openTransaction('SELECT pg_current_xact_id()');
    try {
      const { token } = await newToken();
      let { cursor } = await feed(0);
      expect(await stack.verdict(token)).toBe('ok');
      await call(`${stack.auth(1)}/auth/logout`, { method: 'POST', token });
      await expect.poll(() => stack.verdict(token)).toBe('token_revoked');
      const answer = await feed(0, cursor);
      expect(answer).toMatchObject({ reset: false, entries: [{ kind: 'sid' }] });
      ({ cursor } = answer);
      expect(await feed(1, cursor)).toMatchObject({ reset: false, entries: [] });
    } finally {
      await endLongOne();
    }
  });
});

describe('after a restart of everything', () => {
  it('keeps revoked tokens revoked and others valid', async () => {
    const [dead, alive] = [await newSession(stack.auth()), await newSession(stack.auth(1))];
    await call(`${stack.auth()}/auth/logout`, { method: 'POST', token: dead.access_token });

    await stack.restartAll();

    expect(await stack.verdict(dead.access_token)).toBe('token_revoked');
    expect(await stack.verdict(alive.access_token)).toBe('ok');
    expect((await refresh(stack.auth(), dead.refresh_token)).status).toBe(401);
    expect(outcome(await refresh(stack.auth(1), alive.refresh_token))).toBe('ok');
  });
});

describe('while auth is away', () => {
  it('a known reference token is good, and nobody can know of another', async () => {
    const { email } = await newSession(stack.auth());
    const body = { email, password: PASSWORD, token_format: 'reference' };
    const reference = () => login(stack.auth(), email, PASSWORD, { body });
    const [known, unknown] = [await reference(), await reference()];
    expect(await stack.verdict(known.access_token)).toBe('ok');
    for (const process of [stack.process(0), stack.process(1)]) {
      process.kill();
      await process.exited;
    }
    const answer = await call(`${stack.orders}/orders`, { token: unknown.access_token });
    expect([answer.status, outcome(answer)]).toEqual([503, 'introspection_unavailable']);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await stack.verdict(known.access_token)).toBe('ok');
  });
});
