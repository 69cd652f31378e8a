import { call, startApp } from '@jwt-auth/dev-stack';
import { beforeAll, describe, expect, it } from 'vitest';

import { decode, newSession, refresh } from '../users.js';
import { basic, OAuthStack, posted, type NewClient, type OAuthBody } from './oauth-stack.js';

let stack: OAuthStack;
let service: NewClient;

beforeAll(async () => {
  stack = await OAuthStack.start();
  service = await stack.newClient();
});

const GRANT = { grant_type: 'client_credentials' };
const revoke = (token: string, as?: NewClient, hint?: string) =>
  stack.post(
    'revoke',
    { token, ...(hint !== undefined && { token_type_hint: hint }) },
    as && basic(as),
  );
const introspect = async (token: string, hint?: string): Promise<OAuthBody> => {
  const form = { token, ...(hint !== undefined && { token_type_hint: hint }) };
  return (await stack.post('introspect', form, basic(service))).body;
};
const status = async (client: NewClient) =>
  (await stack.post('token', GRANT, basic(client))).status;

/** Refused by auth at once, and by orders as soon as the feed has reached it. */
async function expectDead(token: string): Promise<void> {
  expect(await introspect(token)).toEqual({ active: false });
  await expect.poll(() => stack.verdict(token)).toBe('token_revoked');
}

describe('refreshing (RFC 6749 section 6)', () => {
  const ask = (token: string, scope: string) =>
    stack.post('token', { grant_type: 'refresh_token', refresh_token: token, scope });

  it('narrows the scope of the next access token alone', async () => {
    const session = await newSession(stack.issuer);
    const { body: narrow } = await ask(session.refresh_token, 'orders:write');
    expect(narrow['scope']).toBe('orders:write');
    expect(decode(narrow['access_token'] as string).payload['scope']).toBe('orders:write');
    expect(await stack.verdict(narrow['access_token'] as string)).toBe('insufficient_scope');
    const { body: wide } = await refresh(stack.issuer, narrow['refresh_token']);
    expect(wide.scope).toBe(session.scope);
  });

  it.each(['admin', 'orders:read admin', 'ORDERS:READ', ' '])(
    'refuses more than the session has, like %j, and spends nothing',
    async (scope) => {
      const { refresh_token: token } = await newSession(stack.issuer);
      const { status, body } = await ask(token, scope);
      expect([status, body['error']]).toEqual([400, 'invalid_scope']);
      expect((await ask(token, 'orders:read')).status).toBe(200);
    },
  );
});

describe('revocation (RFC 7009)', () => {
  it.each(['access_token', 'refresh_token', 'nonsense', ''])(
    'of an access token, with the hint %j, kills it everywhere and nothing else',
    async (hint) => {
      const { access_token: token, refresh_token: next } = await newSession(stack.issuer);
      expect(await stack.verdict(token)).toBe('ok');
      const { status, body, headers } = await revoke(token, undefined, hint);
      expect([status, body]).toEqual([200, undefined]);
      expect(headers.get('cache-control')).toBe('no-store');
      await expectDead(token);
      expect((await refresh(stack.issuer, next)).status).toBe(200);
    },
  );

  it.each(['refresh_token', 'access_token'])(
    'of a refresh token, with the hint %s, ends its session',
    async (hint) => {
      const { access_token: token, refresh_token: next } = await newSession(stack.issuer);
      expect((await revoke(next, undefined, hint)).status).toBe(200);
      await expectDead(token);
      expect((await refresh(stack.issuer, next)).status).toBe(401);
    },
  );

  it('has the same answer when it is repeated, and for an unknown token', async () => {
    const token = await stack.ownToken(service);
    for (const asked of [token, token, 'A'.repeat(43), 'a.b.c', 'x'.repeat(9_000)]) {
      expect(await revoke(asked, service)).toMatchObject({ status: 200, body: undefined });
    }
  });

  it('of the token of another client is refused', async () => {
    const [token, thief] = [await stack.ownToken(service), await stack.newClient()];
    for (const as of [thief, undefined]) {
      const { status, body } = await revoke(token, as);
      expect([status, body['error']]).toEqual([400, 'unauthorized_client']);
    }
    expect(await introspect(token)).toMatchObject({ active: true });
    expect((await revoke(token, service)).status).toBe(200);
    await expectDead(token);
  });

  it('of a token that was tampered with revokes nothing', async () => {
    const token = await stack.ownToken(service);
    const forged = `${token.slice(0, -3)}AAA`;
    expect((await revoke(forged, service)).status).toBe(200);
    expect(await introspect(token)).toMatchObject({ active: true });
  });
});

describe('introspection (RFC 7662)', () => {
  it.each([undefined, 'access_token', 'refresh_token', 'nonsense'])(
    'with the hint %s says of a token what it says itself',
    async (hint) => {
      const { access_token: token } = await newSession(stack.issuer);
      const { payload } = decode(token);
      const expected = { ...payload, active: true, token_type: 'Bearer' };
      expect(await introspect(token, hint)).toEqual(expected);
    },
  );

  it('says nothing of a token after the logout', async () => {
    const { access_token: token } = await newSession(stack.issuer);
    await call(`${stack.issuer}/auth/logout`, { method: 'POST', token });
    expect(await introspect(token)).toEqual({ active: false });
  });

  it('says nothing of a token of a user who was disabled', async () => {
    const { access_token: token } = await newSession(stack.issuer);
    const url = `${stack.issuer}/admin/users/${String(decode(token).payload['sub'])}`;
    const disable = { method: 'PATCH', token: stack.admin, body: { disabled: true } };
    expect((await call(url, disable)).status).toBe(200);
    expect(await introspect(token)).toEqual({ active: false });
  });

  it('says nothing of a token that has expired', async () => {
    const env = { ...stack.stack.env, ACCESS_TOKEN_TTL: '1s' };
    const hasty = await startApp('auth', { env });
    const { access_token: token } = await newSession(hasty.url);
    await hasty.stop();
    await expect.poll(() => introspect(token)).toEqual({ active: false });
    const feed = await call<{ entries: object[] }>(`${stack.issuer}/revocations`);
    expect(JSON.stringify(feed.body.entries)).not.toContain(decode(token).payload['sid']);
  });

  it.each([
    ['a refresh token', async () => (await newSession(stack.issuer)).refresh_token],
    ['a token that was tampered with', async () => `${await stack.ownToken(service)}A`],
    ['a token without a signature', async () => `${btoa('{"alg":"none"}')}.${btoa('{}')}.`],
    ['a long text', async () => 'A.'.repeat(5_000)],
  ])('says nothing of %s', async (_what, token) => {
    expect(await introspect(await token())).toEqual({ active: false });
  });

  it('is refused to a client that may not introspect, before the token is looked at', async () => {
    const caller = await stack.newClient(['client_credentials', 'refresh_token']);
    const asked = await stack.post('introspect', { token: 'x' }, basic(caller));
    expect([asked.status, asked.body['error']]).toEqual([403, 'unauthorized_client']);
    for (const form of [{ token: 'x' }, { token: 'x', client_id: 'web' }]) {
      const { status, body } = await stack.post('introspect', form as Record<string, string>);
      expect([status, body['error']]).toEqual([401, 'invalid_client']);
    }
  });
});

describe('a client', () => {
  it('rolls its secret over without a gap', async () => {
    const client = await stack.newClient();
    const [first] = await secretsOf(client.id);
    const token = await stack.ownToken(client);
    const { body } = await stack.administer<NewClient>('POST', `/${client.id}/secrets`);
    const renewed = { id: client.id, secret: body.secret };
    // Some of its processes know the new one already, some do not yet.
    expect(await Promise.all([client, renewed].map(status))).toEqual([200, 200]);
    const [removed, ...served] = await Promise.all([
      stack.administer('DELETE', `/${client.id}/secrets/${first?.id}`),
      ...Array.from({ length: 10 }, () => status(renewed)),
    ]);
    expect(removed.status).toBe(204);
    expect(served).toEqual(Array<number>(10).fill(200));
    expect(await status(client)).toBe(401);
    expect((await secretsOf(client.id)).map(({ id }) => id)).not.toContain(first?.id);
    expect(await stack.verdict(token)).toBe('ok');
  });

  it('that is disabled gets nothing and its tokens die, until it is enabled again', async () => {
    const client = await stack.newClient();
    const token = await stack.ownToken(client);
    expect(await stack.verdict(token)).toBe('ok');
    const change = (disabled: boolean) => stack.administer('PATCH', `/${client.id}`, { disabled });
    expect((await change(true)).status).toBe(200);
    expect(await status(client)).toBe(401);
    await expectDead(token);
    await change(false);
    expect(await stack.verdict(await stack.ownToken(client))).toBe('ok');
    await expectDead(token);
  });

  it('that is deleted gets nothing more, and its tokens die, also those of that moment', async () => {
    const client = await stack.newClient();
    const early = await stack.ownToken(client);
    expect(await stack.verdict(early)).toBe('ok');
    const asked = Array.from({ length: 12 }, () =>
      stack.post('token', { ...GRANT, ...posted(client) }),
    );
    const [{ status: deleted }, ...answers] = await Promise.all([
      stack.administer('DELETE', `/${client.id}`),
      ...asked,
    ]);
    expect(deleted).toBe(204);
    const tokens = answers.flatMap(
      ({ body }) => (body['access_token'] as string | undefined) ?? [],
    );
    for (const token of [early, ...tokens]) await expectDead(token);
    expect(await status(client)).toBe(401);
    expect((await revoke('x', client)).status).toBe(401);
    expect((await stack.post('introspect', { token: 'x' }, basic(client))).status).toBe(401);
    expect(await status(service)).toBe(200);
  });
});

async function secretsOf(id: string): Promise<{ id: string }[]> {
  const { body } = await stack.administer<(NewClient & { secrets: { id: string }[] })[]>('GET', '');
  return body.find((client) => client.id === id)?.secrets ?? [];
}
