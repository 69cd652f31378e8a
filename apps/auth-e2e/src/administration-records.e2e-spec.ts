import { randomUUID } from 'node:crypto';
import { call, outcome, type Answer } from '@jwt-auth/dev-stack';
import { beforeAll, describe, expect, it } from 'vitest';
import { Administrator, type AuditEvent } from './administrator.js';
import { decode, newSession, PASSWORD, refresh } from './users.js';
import { Stack } from './stack.js';

interface Revocation extends Record<string, unknown> {
  kind: string;
  id: string;
}

/** Where the administrator sits. */
const FROM = '203.0.113.7';

let stack: Stack;
let here: string;
let there: string;
let admin: Administrator;

beforeAll(async () => {
  stack = await Stack.shared();
  [here, there] = [stack.auth(0), stack.auth(1)];
  admin = await Administrator.login(here);
});

const revoke = (kind: unknown, id: unknown, auth = here): Promise<Answer<Revocation>> =>
  admin.call(auth, 'revocations', { body: { kind, id } });

async function everything<Item>(list: string, auths = [here]): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of admin.pages<Item>(auths, list, 100)) items.push(...page);
  return items;
}
const eventsOf = async (requestId: string) =>
  (await everything<AuditEvent>('audit')).filter((event) => event.requestId === requestId);

/** A client that may read orders, and how it gets a token. */
async function newClient() {
  const { body } = await admin.call(here, 'clients', {
    body: { name: 'reports', grants: ['client_credentials'], scopes: ['orders:read'] },
  });
  const credentials = Buffer.from(`${String(body['id'])}:${String(body['secret'])}`);
  const grant = async (auth = here): Promise<string> => {
    const answer = await call(`${auth}/oauth/token`, {
      body: 'grant_type=client_credentials',
      headers: {
        authorization: `Basic ${credentials.toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
    });
    return String(answer.body['access_token']);
  };
  return { id: String(body['id']), grant };
}

describe('the audit log', () => {
  it('records each change: actor, action, subject, time, address and request', async () => {
    const { id } = await admin.makeUser(here);
    const change = (body: object) => ({ path: `users/${id}`, method: 'PATCH', body });
    const client = await newClient();
    const jti = randomUUID();
    const changes = [
      { ...change({ roles: ['user', 'admin'] }), action: 'user.roles_changed', subject: id },
      { ...change({ claims: { tenant: 'blue' } }), action: 'user.claims_changed', subject: id },
      { ...change({ disabled: true }), action: 'user.disabled', subject: id },
      { ...change({ disabled: false }), action: 'user.enabled', subject: id },
      {
        path: `clients/${client.id}`,
        method: 'DELETE',
        action: 'client.deleted',
        subject: client.id,
      },
      {
        path: 'revocations',
        body: { kind: 'jti', id: jti },
        action: 'revocation.added',
        subject: jti,
      },
    ];
    for (const { path, method, action, subject, ...rest } of changes) {
      const requestId = randomUUID();
      const begun = Date.now();
      const answer = await admin.call(there, path, {
        ...{ method, from: FROM, headers: { 'x-request-id': requestId } },
        ...rest,
      });
      expect([outcome(answer), answer.headers.get('x-request-id')]).toEqual(['ok', requestId]);
      const recorded = (await eventsOf(requestId)).find((event) => event.action === action);
      expect(recorded).toMatchObject({ actor: admin.id, subject, address: FROM });
      const at = Date.parse(recorded?.at ?? '');
      expect(at).toBeGreaterThanOrEqual(begun);
      expect(at).toBeLessThanOrEqual(Date.now());
    }
  });

  it('names the user that was created, and both old and new roles', async () => {
    const { id, email } = await admin.makeUser(here);
    await admin.changeUser(here, id, { roles: ['admin'], claims: { secret: 'green door' } });
    const events = (await everything<AuditEvent>('audit')).filter(({ subject }) => subject === id);
    expect(events.reverse().map(({ action, detail }) => ({ action, detail }))).toEqual([
      { action: 'user.created', detail: { roles: ['user'] } },
      { action: 'user.roles_changed', detail: { from: ['user'], to: ['admin'] } },
      { action: 'user.claims_changed', detail: {} },
    ]);
    const log = JSON.stringify(await everything('audit'));
    for (const secret of [email, PASSWORD, 'green door']) expect(log).not.toContain(secret);
  });

  it('records nothing of a refused request', async () => {
    const { access_token: token } = await newSession(here);
    const requestId = randomUUID();
    const headers = { 'x-request-id': requestId };
    const { id } = await admin.makeUser(here);
    const refused = [
      await admin.changeUser(here, id, { disabled: true }, { token, headers }),
      await admin.changeUser(here, id, { disabled: 1 }, { headers }),
      await admin.changeUser(here, admin.id, { disabled: true }, { headers }),
      await admin.call(here, 'revocations', { body: { kind: 'jti' }, headers }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([403, 400, 409, 400]);
    expect(await eventsOf(requestId)).toEqual([]);
  });

  it('shows each event once over both processes, also while more are added', async () => {
    const known = await stack.query<{ id: string }>('SELECT id FROM audit_events ORDER BY id DESC');
    const seen: string[] = [];
    for await (const items of admin.pages<AuditEvent>([here, there], 'audit', 7)) {
      seen.push(...items.map(({ id }) => id));
      await revoke('jti', randomUUID(), there);
    }
    expect(seen).toEqual(known.map(({ id }) => id));
    expect(known.length).toBeGreaterThan(14);
  });

  it.each(['limit=0', 'limit=101', 'cursor=x', 'who=me'])('is refused with %s', async (query) => {
    const { status, body } = await admin.call(here, `audit?${query}`);
    expect([status, body['code']]).toEqual([400, 'invalid_input']);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('takes no %s', async (method) => {
    const [{ id } = { id: '' }] = await everything<AuditEvent>('audit');
    for (const path of ['audit', `audit/${id}`]) {
      expect((await admin.call(here, path, { method })).status).toBe(404);
    }
  });

  it.each([
    `UPDATE audit_events SET actor = 'someone else'`,
    'DELETE FROM audit_events',
    'TRUNCATE audit_events',
    `INSERT INTO audit_events OVERRIDING SYSTEM VALUE
     SELECT * FROM audit_events LIMIT 1 ON CONFLICT (id) DO UPDATE SET actor = 'someone else'`,
  ])('is kept by the database from %s', async (statement) => {
    const rows = () => stack.query('SELECT * FROM audit_events ORDER BY id');
    const before = await rows();
    await expect(stack.query(statement)).rejects.toThrow('append-only');
    expect(await rows()).toEqual(before);
  });
});

describe('a revocation by hand', () => {
  it('of a jti ends that token at orders, and not its session', async () => {
    const { access_token: token, refresh_token: refreshToken } = await newSession(here);
    expect(await stack.verdict(token)).toBe('ok');
    expect((await revoke('jti', decode(token).payload['jti'])).status).toBe(201);
    await expect.poll(() => stack.verdict(token)).toBe('token_revoked');
    const { body } = await refresh(there, refreshToken);
    expect(await stack.verdict(body.access_token)).toBe('ok');
  });

  it('of a sid ends the tokens of a session, the refresh token too', async () => {
    const { access_token: token, refresh_token: refreshToken } = await newSession(here);
    expect((await revoke('sid', decode(token).payload['sid'])).status).toBe(201);
    expect(outcome(await refresh(there, refreshToken))).toBe('refresh_token_invalid');
    await expect.poll(() => stack.verdict(token)).toBe('token_revoked');
  });

  it('of a client ends the tokens issued up to now, and no later ones', async () => {
    const client = await newClient();
    const [early, other] = [await client.grant(here), await (await newClient()).grant(there)];
    expect(await stack.verdict(early)).toBe('ok');
    expect((await revoke('client', client.id)).body).toMatchObject({
      kind: 'client',
      id: client.id,
    });
    await expect.poll(() => stack.verdict(early)).toBe('token_revoked');
    await expect.poll(async () => stack.verdict(await client.grant(there))).toBe('ok');
    expect(await stack.verdict(early)).toBe('token_revoked');
    expect(await stack.verdict(other)).toBe('ok');
  });

  it('made twice counts once, in the list and at orders', async () => {
    const { access_token: token } = await newSession(here);
    const { jti } = decode(token).payload;
    const answers = await Promise.all([revoke('jti', jti, here), revoke('jti', jti, there)]);
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    const listed = (await everything<Revocation>('revocations')).filter(({ id }) => id === jti);
    expect(listed).toHaveLength(1);
  });

  it('is in the list, page by page, with all that the feed reports', async () => {
    await revoke('jti', randomUUID());
    const seen: Revocation[] = [];
    for await (const items of admin.pages<Revocation>([here, there], 'revocations', 2)) {
      seen.push(...items);
    }
    const name = ({ kind, id }: Revocation) => `${kind} ${id}`;
    expect(new Set(seen.map(name)).size).toBe(seen.length);
    const { entries } = (await call<{ entries: Revocation[] }>(`${here}/revocations`)).body;
    expect(seen.map(name).sort()).toEqual(entries.map(name).sort());
  });

  it.each([
    ['no body', ''],
    ['another kind', { kind: 'sub', id: 'x' }],
    ['no id', { kind: 'jti' }],
    ['an empty id', { kind: 'jti', id: '' }],
    ['a number for an id', { kind: 'jti', id: 1 }],
    ['an id of 256 characters', { kind: 'jti', id: 'x'.repeat(256) }],
    ['an id with a zero byte', { kind: 'jti', id: 'x\0' }],
    ['an end of its own', { kind: 'jti', id: 'x', exp: 1 }],
    ['a member that changes the prototype', '{"kind":"jti","id":"x","__proto__":{"exp":1}}'],
  ])('is refused with %s', async (_name, body) => {
    const answer = await admin.call(here, 'revocations', { method: 'POST', body });
    expect([answer.status, answer.body['code']]).toEqual([400, 'invalid_input']);
  });
});
