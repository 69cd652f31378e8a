import { beforeAll, describe, expect, it } from 'vitest';

import type { CreatedClient } from '../clients/clients.schema.js';
import { said } from '../factors/authenticator.fixture.js';
import { AuthApp, type Answer } from '../testing/auth-app.fixture.js';

const auth = AuthApp.forFile({ SEED_DEMO: 'on' });
/** May do everything that a client can. */
let service: CreatedClient;
/** May ask for tokens of its own. */
let caller: CreatedClient;

beforeAll(async () => {
  const { access_token: token } = await auth.login('admin@example.com');
  const newClient = async (grants: string[], scopes: string[]) => {
    const body = { name: 'a service', grants, scopes };
    return (await auth.call<CreatedClient>('POST', '/admin/clients', { token, body })).body;
  };
  const all = ['client_credentials', 'refresh_token', 'introspect'];
  service = await newClient(all, ['orders:read', 'orders:write']);
  caller = await newClient(['client_credentials'], ['orders:read']);
});

type OAuthBody = Record<string, unknown>;

const basicOf = (id: string, secret: string) =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
const basic = ({ id, secret }: CreatedClient) => basicOf(id, secret);

const post = (path: string, fields: Record<string, string>, authorization?: string) =>
  auth.call<OAuthBody>('POST', `/oauth/${path}`, {
    body: new URLSearchParams(fields).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(authorization !== undefined && { authorization }),
    },
  });

const ownToken = async (client: CreatedClient) =>
  String(
    (await post('token', { grant_type: 'client_credentials' }, basic(client))).body.access_token,
  );
const introspect = async (token: string) =>
  (await post('introspect', { token }, basic(service))).body;
const outcome = ({ status, body }: Answer<OAuthBody>) => [status, body?.error];

describe('revocation', () => {
  it('ends an access token, and not its session', async () => {
    const { access_token: token, refresh_token: next } = await auth.login('ada@example.com');
    expect(await post('revoke', { token })).toMatchObject({ status: 200, body: undefined });
    expect((await auth.call('GET', '/auth/me', { token })).body.code).toBe('token_revoked');
    expect((await post('revoke', { token })).status).toBe(200);
    expect((await auth.refresh(next)).status).toBe(200);
    const audited = `SELECT subject FROM audit_events WHERE action = 'token.revoked' AND subject = $1`;
    expect(await auth.dataSource.query(audited, [said(token).jti])).toHaveLength(1);
  });

  it('ends an access token that has just expired, which services accept a moment longer', async () => {
    const { access_token: token } = await auth.login('ada@example.com');
    auth.clock.advance(15 * 60_000 + 1_000);
    try {
      expect((await auth.call('GET', '/auth/me', { token })).status).toBe(200);
      expect((await post('revoke', { token })).status).toBe(200);
      expect((await auth.call('GET', '/auth/me', { token })).body.code).toBe('token_revoked');
      expect(await introspect(token)).toEqual({ active: false });
    } finally {
      auth.clock.reset();
    }
  });

  it('ends the session of a refresh token, also of one that was replaced', async () => {
    const { refresh_token: first } = await auth.login('ada@example.com');
    const { body } = await auth.refresh(first);
    const fields = { token: first, token_type_hint: 'refresh_token' };
    expect((await post('revoke', fields)).status).toBe(200);
    expect((await auth.refresh(body.refresh_token)).status).toBe(401);
    expect(await introspect(body.access_token)).toEqual({ active: false });
  });

  it('ends the token of a client for that client alone', async () => {
    const token = await ownToken(caller);
    for (const as of [undefined, basic(service)]) {
      expect(outcome(await post('revoke', { token }, as))).toEqual([400, 'unauthorized_client']);
    }
    expect((await post('revoke', { token }, basic(caller))).status).toBe(200);
    expect(await introspect(token)).toEqual({ active: false });
  });

  describe('by a client that users gave no token to', () => {
    it.each(['access', 'reference', 'refresh', 'replaced refresh'])(
      'leaves a %s token of a user alone',
      async (kind) => {
        const first = await auth.login('ada@example.com');
        const next = (await auth.refresh(first.refresh_token)).body;
        const { body: opaque } = await auth.call<OAuthBody>('POST', '/auth/refresh', {
          body: { refresh_token: next.refresh_token, token_format: 'reference' },
        });
        const token = {
          access: next.access_token,
          reference: String(opaque.access_token),
          refresh: String(opaque.refresh_token),
          'replaced refresh': first.refresh_token,
        }[kind] as string;
        const answer = await post('revoke', { token }, basic(caller));
        expect(outcome(answer)).toEqual([400, 'unauthorized_client']);
        expect(await introspect(String(opaque.access_token))).toMatchObject({ active: true });
        expect((await auth.refresh(String(opaque.refresh_token))).status).toBe(200);
        // The one that is registered to refresh in the place of the public client may.
        expect((await post('revoke', { token }, basic(service))).status).toBe(200);
      },
    );
  });

  it('knows nothing of others, and says so to nobody', async () => {
    expect((await post('revoke', { token: 'unknown' }, basic(caller))).status).toBe(200);
    expect((await post('revoke', { token: 'unknown' })).status).toBe(200);
    expect(outcome(await post('revoke', {}))).toEqual([400, 'invalid_request']);
    const wrong = await post('revoke', { token: 'unknown' }, basicOf(caller.id, 'wrong'));
    expect(outcome(wrong)).toEqual([401, 'invalid_client']);
  });
});
