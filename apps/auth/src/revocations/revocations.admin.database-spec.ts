import { randomUUID } from 'node:crypto';

import { beforeEach, describe, expect, it } from 'vitest';

import { IssuedTokens } from '../tokens/issued-tokens.js';
import { AuthApp, type Answer } from '../testing/auth-app.fixture.js';
import type { RevocationAnswer } from './revocations.admin.schema.js';

interface List<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

const auth = AuthApp.forFile({ SEED_DEMO: 'on' });
let admin: string;
beforeEach(async () => {
  ({ access_token: admin } = await auth.login('admin@example.com'));
});

const get = <Item>(path: string): Promise<Answer<List<Item>>> =>
  auth.call('GET', `/admin/${path}`, { token: admin });
const revoke = (kind: string, id: string): Promise<Answer<RevocationAnswer>> =>
  auth.call('POST', '/admin/revocations', { token: admin, body: { kind, id } });
const me = async (token: string): Promise<number> =>
  (await auth.call('GET', '/auth/me', { token })).status;
const part = (token: string, index: number): Record<string, string> =>
  JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString()) as Record<
    string,
    string
  >;
const now = (): number => Math.floor(Date.now() / 1000);
const DAY = 86_400;

/** Every item of a list, page by page. */
async function turn<Item>(path: string, limit: number): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const query: URLSearchParams = new URLSearchParams({
      limit: String(limit),
      ...(cursor && { cursor }),
    });
    const { body }: Answer<List<Item>> = await get<Item>(`${path}?${query.toString()}`);
    items.push(...body.items);
    cursor = body.nextCursor;
  }
  return items;
}

describe('a revocation by hand', () => {
  it('of a token outlives every such token, kills it, and leaves the session', async () => {
    const { access_token: token, refresh_token } = await auth.login('ada@example.com');
    const id = part(token, 1).jti ?? '';
    const { status, body } = await revoke('jti', id);
    expect(status).toBe(201);
    expect(body).toMatchObject({ kind: 'jti', id });
    expect(body.exp).toBeGreaterThanOrEqual(now() + DAY);
    expect(await me(token)).toBe(401);
    expect((await auth.refresh(refresh_token)).status).toBe(200);
  });

  it('of a session ends it, for the refresh token too', async () => {
    const { access_token: token, refresh_token } = await auth.login('ada@example.com');
    const { body } = await revoke('sid', part(token, 1).sid ?? '');
    expect(body.exp).toBeGreaterThanOrEqual(now() + DAY);
    expect(await me(token)).toBe(401);
    expect((await auth.refresh(refresh_token)).status).toBe(401);
  });

  it('of a signing key withdraws it, and another one signs', async () => {
    const kid = part(admin, 0).kid ?? '';
    expect((await revoke('kid', kid)).body).toMatchObject({ kind: 'kid', id: kid });
    expect(await me(admin)).toBe(401);
    const { access_token } = await auth.login('ada@example.com');
    expect(part(access_token, 0).kid).not.toBe(kid);
    expect(await me(access_token)).toBe(200);
  });

  it('of a client ends what it was issued up to now', async () => {
    const begun = now();
    const { body } = await revoke('client', 'some-service');
    expect(body.before).toBeGreaterThanOrEqual(begun);
    expect(body.exp).toBeGreaterThanOrEqual((body.before ?? NaN) + DAY);
  });

  it('of a client leaves what it is issued afterwards, in the same second too', async () => {
    const client = await auth.call<{ id: string; secret: string }>('POST', '/admin/clients', {
      token: admin,
      body: { name: 'report', grants: ['client_credentials'], scopes: [] },
    });
    const { id, secret } = client.body;
    await revoke('client', id);
    const answer = await auth.call<{ access_token: string }>('POST', '/oauth/token', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `grant_type=client_credentials&client_id=${id}&client_secret=${secret}`,
    });
    const { access_token: token } = answer.body;
    expect(await auth.get(IssuedTokens).find(token)).toMatchObject({ client_id: id });
  });

  it('of the client `web` does not affect later logins and refreshes', async () => {
    const before = await auth.login('ada@example.com');
    await revoke('client', 'web');
    expect(await me(before.access_token)).toBe(401);
    const answers = [await auth.login('ada@example.com')];
    answers.push((await auth.refresh(before.refresh_token)).body);
    for (const { access_token: token } of answers) expect(await me(token)).toBe(200);
  });

  it.each([
    ['a session that is none of ours', 'sid', 'x'],
    ['a session that never was', 'sid', randomUUID()],
    ['a key of another time', 'kid', 'old-key'],
    ['an id of 255 characters', 'jti', 'x'.repeat(255)],
  ])('of %s is published all the same', async (_, kind, id) => {
    expect(await revoke(kind, id)).toMatchObject({ status: 201, body: { kind, id } });
    expect((await get('revocations')).body.items[0]).toMatchObject({ kind, id });
  });

  it.each([
    ['another kind', { kind: 'sub', id: 'x' }],
    ['no id', { kind: 'jti' }],
    ['an empty id', { kind: 'jti', id: '' }],
    ['too long an id', { kind: 'jti', id: 'x'.repeat(256) }],
    ['an id with NUL', { kind: 'jti', id: '\0' }],
    ['an id of another type', { kind: 'jti', id: 1 }],
    ['an expiry of its own', { kind: 'jti', id: 'x', exp: 1 }],
  ])('is refused with %s', async (_, body) => {
    const answer = await auth.call('POST', '/admin/revocations', { token: admin, body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
  });

  it('is recorded: who, what, from where and in which request', async () => {
    const headers = { 'x-request-id': 'incident-7' };
    const body = { kind: 'jti', id: 'recorded' };
    await auth.call('POST', '/admin/revocations', { token: admin, body, headers });
    const [event] = (await get('audit?limit=1')).body.items;
    expect(event).toEqual({
      id: expect.stringMatching(/^\d+$/) as string,
      at: expect.stringMatching(/Z$/) as string,
      action: 'revocation.added',
      actor: part(admin, 1).sub,
      subject: 'recorded',
      address: '127.0.0.1',
      requestId: 'incident-7',
      detail: { kind: 'jti' },
    });
  });
});

describe('the lists', () => {
  it.each(['revocations', 'audit'])('of %s turn page by page, the latest first', async (list) => {
    for (let n = 0; n < 5; n += 1) await revoke('jti', `page-${n}`);
    const whole = (await get(`${list}?limit=100`)).body.items;
    expect(whole.length).toBeGreaterThanOrEqual(5);
    expect(await turn(list, 2)).toEqual(whole);
    expect(JSON.stringify(whole[0])).toContain('page-4');
  });

  it('leave out revocations that have expired', async () => {
    await auth.dataSource.query(
      `INSERT INTO revoked_tokens (kind, id, exp) VALUES ('jti', 'expired', 1)`,
    );
    const ids = (await turn<RevocationAnswer>('revocations', 100)).map(({ id }) => id);
    expect(ids).not.toContain('expired');
  });

  it('refuse the cursor of each other, and one that was changed', async () => {
    await revoke('jti', 'one');
    const cursor = (await get('revocations?limit=1')).body.nextCursor ?? '';
    expect((await get(`revocations?cursor=${cursor}`)).status).toBe(200);
    const changed = `${cursor.slice(0, -1)}${cursor.endsWith('A') ? 'B' : 'A'}`;
    for (const path of [`audit?cursor=${cursor}`, `revocations?cursor=${changed}`]) {
      expect(await get(path)).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    }
  });
});
