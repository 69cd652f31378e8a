import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { type MutableToken, OAuth2Server } from 'oauth2-mock-server';
import { Provider } from 'oidc-provider';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createVerifier, type Verifier } from '../standalone/create-verifier.js';
import { generateSigningKey } from '../test-issuer/access-token.js';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from '../verifier/signature.js';
import type { IssuerOptions } from './issuer-options.js';

const log = { log: vi.fn(), warn: vi.fn(), error: vi.fn() };
const oidc = { profile: 'oidc', revocations: 'none', audience: 'api' } as const;
const invalid: unknown = expect.objectContaining({ code: 'token_invalid' });

async function start(options: IssuerOptions): Promise<Verifier> {
  const verifier = createVerifier({ ...options, log });
  await verifier.ready(20_000);
  return verifier;
}

describe('Tokens of oauth2-mock-server', () => {
  let server: OAuth2Server;
  let verifier: Verifier;
  const kids = new Map<SigningAlgorithm, string>();

  beforeAll(async () => {
    server = new OAuth2Server();
    for (const alg of SIGNING_ALGORITHMS) {
      kids.set(alg, (await server.issuer.keys.generate(alg)).kid);
    }
    await server.start(0, '127.0.0.1');
    verifier = await start({ ...oidc, issuer: server.issuer.url! });
  });
  afterAll(async () => {
    await verifier.close();
    await server.stop();
  });

  const build = (claims: object, alg: SigningAlgorithm = 'RS256') =>
    server.issuer.buildToken({
      kid: kids.get(alg)!,
      expiresIn: 600,
      scopesOrTransform: (_header, payload) =>
        Object.assign(payload, { sub: 'ada', aud: 'api', azp: 'shop' }, claims),
    });

  it.each(SIGNING_ALGORITHMS)('are accepted with %s', async (alg) => {
    const token = await build({ scope: 'orders:read', tenant: 'one' }, alg);
    expect(decodeProtectedHeader(token)).toEqual({ alg, typ: 'JWT', kid: kids.get(alg) });
    for (let round = 0; round < 2; round++) {
      expect(await verifier.verify(token)).toMatchObject({
        subject: 'ada',
        clientId: 'shop',
        scopes: ['orders:read'],
        claims: { tenant: 'one' },
      });
    }
  });

  it('are refused with an alg that is not that of their key', async () => {
    const token = await build({}, 'ES256');
    const [, payload, signature] = token.split('.');
    for (const alg of ['none', 'HS256', 'RS256', 'PS256', 'EdDSA']) {
      const header = JSON.stringify({ alg, typ: 'JWT', kid: kids.get('ES256') });
      const changed = `${Buffer.from(header).toString('base64url')}.${payload}.${signature}`;
      await expect(verifier.verify(changed)).rejects.toThrow(invalid);
    }
  });

  it.each([
    ['for another service', { aud: 'other' }],
    ['without a client', { azp: undefined }],
    ['for their client alone', { azp: 'api' }],
    ['without a subject', { sub: undefined }],
    ['that live for an hour', { exp: Math.floor(Date.now() / 1000) + 3_600 }],
    ['without iat, where the life is bounded', { iat: undefined }],
    ['with a nonce', { nonce: 'n' }],
  ])('are refused %s', async (_name, claims) => {
    await expect(verifier.verify(await build(claims))).rejects.toThrow(invalid);
  });

  it('are accepted from its token endpoint, but not the ID token beside them', async () => {
    const mark = ({ payload }: MutableToken) => {
      Object.assign(payload, { exp: Number(payload.iat) + 600 });
      // Of the access token alone: an ID token is for its client.
      if (payload.aud === undefined) Object.assign(payload, { aud: ['api', 'x'], azp: 'shop' });
    };
    server.service.on('beforeTokenSigning', mark);
    const redirect = encodeURIComponent('http://localhost/back');
    const query = `response_type=code&client_id=shop&scope=openid&redirect_uri=${redirect}&state=s`;
    const tokensOf = async (nonce: string) => {
      const address = `${server.issuer.url}/authorize?${query}${nonce}`;
      const { headers } = await fetch(address, { redirect: 'manual' });
      const code = new URL(headers.get('location')!).searchParams.get('code')!;
      const body = new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        client_id: 'shop',
      });
      const answer = await fetch(`${server.issuer.url}/token`, { method: 'POST', body });
      return (await answer.json()) as { access_token: string; id_token: string };
    };
    // The service that is the client, too, is where an ID token could be taken for another.
    const client = await start({ ...oidc, issuer: server.issuer.url!, audience: ['shop', 'api'] });
    for (const nonce of ['', '&nonce=n']) {
      const { access_token: access, id_token: id } = await tokensOf(nonce);
      expect(decodeJwt(id)).toMatchObject({ aud: 'shop', ...(nonce && { nonce: 'n' }) });
      for (const each of [verifier, client]) {
        expect(await each.verify(access)).toMatchObject({ subject: 'johndoe', clientId: 'shop' });
        await expect(each.verify(id)).rejects.toThrow(invalid);
      }
    }
    server.service.off('beforeTokenSigning', mark);
    await client.close();
  });

  it('have what mapClaims makes of them, for the algorithms that are allowed', async () => {
    const mapped = await start({
      ...oidc,
      issuer: server.issuer.url!,
      algorithms: ['ES256'],
      mapClaims: ({ groups, permissions }) => ({
        roles: groups as string[],
        scopes: permissions as string[],
      }),
    });
    const claims = { groups: ['admin'], permissions: ['orders:write'] };
    expect(await mapped.verify(await build(claims, 'ES256'))).toMatchObject({
      roles: ['admin'],
      scopes: ['orders:write'],
    });
    await expect(mapped.verify(await build(claims, 'RS256'))).rejects.toThrow(invalid);
    await mapped.close();
  });
});

describe('Tokens of node-oidc-provider', () => {
  const secret = 'a secret of the client shop';
  let server: Server;
  let address: string;
  let alg: SigningAlgorithm;

  beforeAll(async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    vi.spyOn(console, 'info').mockImplementation(() => undefined);
    server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    vi.restoreAllMocks();
  });

  /** A provider under this name, at the address of the server. */
  async function serve(issuer: string): Promise<void> {
    const keys = await Promise.all(SIGNING_ALGORITHMS.map(generateSigningKey));
    const jwks = keys.map(({ kid, privateKey, algorithm }) => ({
      ...privateKey.export({ format: 'jwk' }),
      kid,
      alg: algorithm,
      use: 'sig',
    }));
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: 'shop',
          client_secret: secret,
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
        },
      ],
      jwks: { keys: jwks },
      enabledJWA: { idTokenSigningAlgValues: [...SIGNING_ALGORITHMS] },
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => 'urn:api',
          getResourceServerInfo: () => ({
            scope: 'orders:read orders:write',
            audience: 'api',
            accessTokenTTL: 600,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg } },
          }),
        },
      },
    });
    const listener = provider.callback();
    server.removeAllListeners('request').on('request', (request, response) => {
      void listener(request, response);
    });
  }

  const token = async (signedWith: SigningAlgorithm = 'RS256') => {
    alg = signedWith;
    const answer = await fetch(`${address}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`shop:${encodeURIComponent(secret)}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'orders:read' }),
    });
    return ((await answer.json()) as { access_token: string }).access_token;
  };

  it('are accepted with each algorithm', async () => {
    await serve(address);
    const verifier = await start({ ...oidc, issuer: address });
    for (const signedWith of SIGNING_ALGORITHMS) {
      const each = await token(signedWith);
      expect(decodeProtectedHeader(each)).toMatchObject({ alg: signedWith, typ: 'at+jwt' });
      expect(await verifier.verify(each)).toMatchObject({
        subject: 'shop',
        clientId: 'shop',
        scopes: ['orders:read'],
      });
    }
    await verifier.close();
  });

  it('are accepted by our own profile, too, which allows RS256 alone', async () => {
    await serve(address);
    const options = {
      issuer: address,
      audience: 'api',
      discoveryUrl: `${address}/.well-known/openid-configuration`,
    };
    const verifier = await start({ ...options, revocations: 'none' });
    expect(await verifier.verify(await token('RS256'))).toMatchObject({ clientId: 'shop' });
    await expect(verifier.verify(await token('ES256'))).rejects.toThrow(invalid);
    await verifier.close();
  });

  it('are accepted from an issuer that is reached at an internal address', async () => {
    const issuer = 'https://login.example.com';
    await serve(issuer);
    const verifier = await start({ ...oidc, issuer, discoveryUrl: address });
    const inner = await token();
    expect(decodeJwt(inner).iss).toBe(issuer);
    expect(await verifier.verify(inner)).toMatchObject({ clientId: 'shop' });
    await verifier.close();
    const other = createVerifier({
      ...oidc,
      issuer: 'https://login.example.org',
      discoveryUrl: address,
      log,
    });
    await expect(other.ready(500)).rejects.toThrow('keys missing');
    await expect(other.verify(await token())).rejects.toThrow(/keys/i);
    await other.close();
  });
});
