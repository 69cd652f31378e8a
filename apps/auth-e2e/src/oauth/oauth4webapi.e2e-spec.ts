import * as oauth from 'oauth4webapi';
import { beforeAll, describe, expect, it } from 'vitest';

import { newSession } from '../users.js';
import { OAuthStack, type NewClient } from './oauth-stack.js';

let stack: OAuthStack;
let as: oauth.AuthorizationServer;
let service: NewClient;

const HTTP = { [oauth.allowInsecureRequests]: true };
const WEB = { client_id: 'web' };
const idOf = ({ id }: NewClient) => ({ client_id: id });

async function discover(): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(stack.issuer);
  const response = await oauth.discoveryRequest(issuer, { ...HTTP, algorithm: 'oauth2' });
  return oauth.processDiscoveryResponse(issuer, response);
}

beforeAll(async () => {
  stack = await OAuthStack.start();
  service = await stack.newClient(undefined, ['orders:read', 'orders:write']);
  as = await discover();
});

const METHODS: [string, (secret: string) => oauth.ClientAuth][] = [
  ['client_secret_basic', oauth.ClientSecretBasic],
  ['client_secret_post', oauth.ClientSecretPost],
];

async function ownTokens(
  client = service,
  parameters: Record<string, string> | string[][] = {},
  method: (secret: string) => oauth.ClientAuth = oauth.ClientSecretBasic,
): Promise<oauth.TokenEndpointResponse> {
  const authentication = method(client.secret);
  const response = await oauth.clientCredentialsGrantRequest(
    as,
    idOf(client),
    authentication,
    parameters,
    HTTP,
  );
  return oauth.processClientCredentialsResponse(as, idOf(client), response);
}

async function refresh(
  token: string,
  client: oauth.Client = WEB,
  method = oauth.None(),
): Promise<oauth.TokenEndpointResponse> {
  const response = await oauth.refreshTokenGrantRequest(as, client, method, token, HTTP);
  return oauth.processRefreshTokenResponse(as, client, response);
}

async function revoke(token: string, client: oauth.Client = WEB, method = oauth.None()) {
  const response = await oauth.revocationRequest(as, client, method, token, HTTP);
  return oauth.processRevocationResponse(response);
}

async function introspect(token: string, client = service): Promise<oauth.IntrospectionResponse> {
  const method = oauth.ClientSecretBasic(client.secret);
  const response = await oauth.introspectionRequest(as, idOf(client), method, token, HTTP);
  return oauth.processIntrospectionResponse(as, idOf(client), response);
}

/** As a resource server with this library does. */
const validate = (token: string, audience = 'api') => {
  const request = new Request('https://api.example.com/', {
    headers: { authorization: `Bearer ${token}` },
  });
  return oauth.validateJwtAccessToken(as, request, audience, HTTP);
};

describe('oauth4webapi', () => {
  it('finds the endpoints by the metadata of RFC 8414', () => {
    expect(as).toMatchObject({
      issuer: stack.issuer,
      token_endpoint: `${stack.issuer}/oauth/token`,
      revocation_endpoint: `${stack.issuer}/oauth/revoke`,
      introspection_endpoint: `${stack.issuer}/oauth/introspect`,
    });
  });

  it.each(METHODS)('gets a token of its own by %s', async (_name, method) => {
    const tokens = await ownTokens(service, { scope: 'orders:read' }, method);
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 900, scope: 'orders:read' });
    expect(tokens.refresh_token).toBeUndefined();
    expect(await stack.verdict(tokens.access_token)).toBe('ok');
  });

  it('validates a token of a client by RFC 9068', async () => {
    const { access_token: token } = await ownTokens();
    const { id } = service;
    expect(await validate(token)).toMatchObject({ sub: id, client_id: id, aud: 'api', roles: [] });
    await expect(validate(token, 'another')).rejects.toThrow('"aud"');
  });

  it('validates a token of a user by RFC 9068', async () => {
    const { access_token: token, scope } = await newSession(stack.issuer);
    expect(await validate(token)).toMatchObject({ ...WEB, scope, roles: ['user'] });
    const [header, payload] = token.split('.');
    const { access_token: other } = await newSession(stack.issuer);
    const signature = other.split('.')[2];
    await expect(validate(`${header}.${payload}.${signature}`)).rejects.toThrow('signature');
  });

  it('refreshes as the public client, without authentication', async () => {
    const session = await newSession(stack.issuer);
    const tokens = await refresh(session.refresh_token);
    expect(tokens).toMatchObject({ token_type: 'bearer', scope: session.scope });
    expect(tokens.refresh_token).not.toBe(session.refresh_token);
    expect((await validate(tokens.access_token)).client_id).toBe('web');
  });

  it.each(METHODS)('refreshes as a registered client by %s', async (_name, method) => {
    const { refresh_token: token } = await newSession(stack.issuer);
    const tokens = await refresh(token, idOf(service), method(service.secret));
    expect(await stack.verdict(tokens.access_token)).toBe('ok');
  });

  it('introspects: active, and no longer after the revocation', async () => {
    const { access_token: token } = await ownTokens();
    const { id } = service;
    expect(await introspect(token)).toMatchObject({ active: true, sub: id, client_id: id });
    expect(await stack.verdict(token)).toBe('ok');
    await revoke(token, idOf(service), oauth.ClientSecretPost(service.secret));
    expect(await introspect(token)).toEqual({ active: false });
    await expect.poll(() => stack.verdict(token)).toBe('token_revoked');
  });

  it('revokes a refresh token, and with it the session', async () => {
    const session = await newSession(stack.issuer);
    await revoke(session.refresh_token);
    await expect(refresh(session.refresh_token)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect.poll(() => stack.verdict(session.access_token)).toBe('token_revoked');
  });
});

describe('oauth4webapi reports in its own terms', () => {
  it('a wrong secret: a challenge', async () => {
    await expect(ownTokens({ ...service, secret: 'wrong' })).rejects.toMatchObject({
      code: oauth.WWW_AUTHENTICATE_CHALLENGE,
      status: 401,
      cause: [{ scheme: 'basic', parameters: { realm: 'oauth' } }],
    });
  });

  it.each<[string, string, string[][]]>([
    ['a scope that the client may not have', 'invalid_scope', [['scope', 'admin']]],
    [
      'a parameter that comes twice',
      'invalid_request',
      [
        ['scope', 'a'],
        ['scope', 'b'],
      ],
    ],
  ])('%s: %s', async (_what, error, parameters) => {
    await expect(ownTokens(service, parameters)).rejects.toMatchObject({
      ...{ code: oauth.RESPONSE_BODY_ERROR, status: 400, error },
      error_description: expect.any(String) as string,
    });
  });

  it('an unknown refresh token: invalid_grant', async () => {
    await expect(refresh('x'.repeat(43))).rejects.toMatchObject({
      ...{ code: oauth.RESPONSE_BODY_ERROR, status: 400, error: 'invalid_grant' },
    });
  });

  it.each([
    ['client_credentials', ['introspect'], (client: NewClient) => ownTokens(client)],
    ['introspect', ['client_credentials'], (client: NewClient) => introspect('x', client)],
  ])('a client that is not registered for %s', async (_grant, grants, attempt) => {
    const client = await stack.newClient(grants);
    await expect(attempt(client)).rejects.toMatchObject({ error: 'unauthorized_client' });
  });
});
