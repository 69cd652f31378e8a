import { decodeJwt } from 'jose';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ClientCredentials } from '../issuer/client-credentials.js';
import { generateSigningKey, type SigningKey } from './access-token.js';
import { TestIssuer } from './test-issuer.js';

let key: SigningKey;
beforeAll(async () => {
  key = await generateSigningKey();
});

describe('The token and introspection endpoints of TestIssuer', () => {
  let auth: TestIssuer;
  beforeEach(async () => {
    auth = await TestIssuer.start({ keys: [key] });
  });
  afterEach(() => auth.close());

  const post = async (path: string, form: Record<string, string>, secret?: string) => {
    const { clientId, clientSecret } = auth.client;
    const credentials = new ClientCredentials(clientId, secret ?? clientSecret);
    const response = await fetch(`${auth.issuer}/oauth/${path}`, {
      method: 'POST',
      headers: { authorization: credentials.authorization() },
      body: new URLSearchParams(form),
    });
    expect(response.headers.get('cache-control')).toBe('no-store');
    return {
      status: response.status,
      body: (await response.json()) as Record<string, unknown>,
    };
  };
  const introspect = async (token: string) => (await post('introspect', { token })).body;
  const grant = { grant_type: 'client_credentials', scope: 'orders:read' };

  it('are named by the metadata', async () => {
    const answer = await fetch(`${auth.issuer}/.well-known/oauth-authorization-server`);
    expect(await answer.json()).toMatchObject({
      token_endpoint: `${auth.issuer}/oauth/token`,
      introspection_endpoint: `${auth.issuer}/oauth/introspect`,
    });
  });

  it('give the client a token of its own', async () => {
    const { body } = await post('token', grant);
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 900, scope: 'orders:read' });
    const { clientId } = auth.client;
    const claims = { sub: clientId, client_id: clientId, scope: 'orders:read', aud: 'api' };
    expect(decodeJwt(body['access_token'] as string)).toMatchObject(claims);
  });

  it('issue a reference token on request', async () => {
    const { body } = await post('token', { ...grant, token_format: 'reference' });
    const token = body['access_token'] as string;
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(await introspect(token)).toMatchObject({ active: true, sub: auth.client.clientId });
  });

  it('return the claims of a reference token until it is revoked or expires', async () => {
    const claims = { sub: 'ada', sid: 'one', claims: { plan: 'gold' } };
    const [token, other] = [auth.mintReference(claims), auth.mintReference()];
    expect(await introspect(token)).toMatchObject({ active: true, iss: auth.issuer, ...claims });
    await auth.revoke({ kind: 'sid', id: 'one' });
    expect(await introspect(token)).toEqual({ active: false });
    expect(await introspect(other)).toMatchObject({ active: true });
    auth.clock.advance(900_000);
    expect(await introspect(other)).toEqual({ active: false });
    expect(await introspect('unknown')).toEqual({ active: false });
  });

  it('know a revocation after ten thousand others', async () => {
    const exp = Date.now() / 1000 + 900;
    const others = Array.from(
      { length: 10_000 },
      (_, n) => ({ kind: 'jti', id: `${n}`, exp }) as const,
    );
    auth.revocations.add(others);
    const token = auth.mintReference({ jti: 'the last' });
    await auth.revoke({ kind: 'jti', id: 'the last' });
    expect(await introspect(token)).toEqual({ active: false });
  });

  it.each([
    ['token', grant, 'wrong', 401, 'invalid_client'],
    ['introspect', { token: 'a' }, 'wrong', 401, 'invalid_client'],
    ['token', { grant_type: 'password' }, undefined, 400, 'unsupported_grant_type'],
  ])('refuse at /%s %j with the secret %j by %i %s', async (path, form, secret, status, error) => {
    const answer = await post(path, form, secret);
    expect(answer).toEqual({ status, body: { error } });
  });

  it('answer nothing but a POST', async () => {
    for (const path of ['token', 'introspect']) {
      expect((await fetch(`${auth.issuer}/oauth/${path}`)).status).toBe(404);
    }
  });
});
