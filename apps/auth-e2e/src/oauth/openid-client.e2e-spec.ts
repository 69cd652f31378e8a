import * as openid from 'openid-client';
import { beforeAll, describe, expect, it } from 'vitest';

import { newSession } from '../users.js';
import { OAuthStack, type NewClient } from './oauth-stack.js';

let stack: OAuthStack;
let service: NewClient;
let web: openid.Configuration;

beforeAll(async () => {
  stack = await OAuthStack.start();
  service = await stack.newClient();
  web = await configure('web', openid.None());
});

const configure = (id: string, method: openid.ClientAuth) =>
  openid.discovery(new URL(stack.issuer), id, undefined, method, {
    algorithm: 'oauth2',
    execute: [openid.allowInsecureRequests],
  });
const configureBasic = ({ id, secret }: NewClient) =>
  configure(id, openid.ClientSecretBasic(secret));

describe('openid-client', () => {
  it('finds the endpoints by the metadata of RFC 8414', () => {
    expect(web.serverMetadata()).toMatchObject({
      issuer: stack.issuer,
      token_endpoint: `${stack.issuer}/oauth/token`,
      jwks_uri: `${stack.issuer}/.well-known/jwks.json`,
    });
  });

  it.each([
    ['client_secret_basic', openid.ClientSecretBasic],
    ['client_secret_post', openid.ClientSecretPost],
  ])('gets, asks about and revokes a token of its own by %s', async (_name, method) => {
    const config = await configure(service.id, method(service.secret));
    const tokens = await openid.clientCredentialsGrant(config, { scope: 'orders:read' });
    expect(tokens).toMatchObject({ token_type: 'bearer', scope: 'orders:read' });
    expect(tokens.expiresIn()).toBeGreaterThan(600);
    const { access_token: token } = tokens;
    expect(await openid.tokenIntrospection(config, token)).toMatchObject({
      ...{ active: true, client_id: service.id, token_type: 'Bearer' },
    });
    const url = new URL(`${stack.orders}/orders`);
    const orders = await openid.fetchProtectedResource(config, token, url, 'GET');
    expect(await orders.json()).toEqual({ items: [], nextCursor: null });
    await openid.tokenRevocation(config, token);
    expect(await openid.tokenIntrospection(config, token)).toEqual({ active: false });
    await expect.poll(() => stack.verdict(token)).toBe('token_revoked');
    const refused = openid.fetchProtectedResource(config, token, url, 'GET');
    await expect(refused).rejects.toMatchObject({
      status: 401,
      cause: [{ scheme: 'bearer', parameters: { error: 'invalid_token' } }],
    });
  });

  it('refreshes as the public client, without authentication', async () => {
    const session = await newSession(stack.issuer);
    const tokens = await openid.refreshTokenGrant(web, session.refresh_token);
    expect(tokens.scope).toBe(session.scope);
    expect(await stack.verdict(tokens.access_token)).toBe('ok');
    await openid.tokenRevocation(web, String(tokens.refresh_token));
    const again = openid.refreshTokenGrant(web, String(tokens.refresh_token));
    await expect(again).rejects.toMatchObject({ error: 'invalid_grant', status: 400 });
  });

  it('refreshes as a registered client, and as no other', async () => {
    const { refresh_token: token } = await newSession(stack.issuer);
    const other = await configureBasic(await stack.newClient(['client_credentials']));
    await expect(openid.refreshTokenGrant(other, token)).rejects.toMatchObject({
      error: 'unauthorized_client',
    });
    const tokens = await openid.refreshTokenGrant(await configureBasic(service), token);
    expect(await stack.verdict(tokens.access_token)).toBe('ok');
  });

  it('gets a challenge for a wrong secret', async () => {
    const config = await configureBasic({ ...service, secret: 'wrong' });
    await expect(openid.clientCredentialsGrant(config)).rejects.toMatchObject({
      status: 401,
      cause: [{ scheme: 'basic', parameters: { realm: 'oauth' } }],
    });
  });

  it('reports that it may not have all scopes', async () => {
    const config = await configureBasic(service);
    const asked = openid.clientCredentialsGrant(config, { scope: 'orders:read admin' });
    await expect(asked).rejects.toMatchObject({ error: 'invalid_scope', status: 400 });
  });
});
