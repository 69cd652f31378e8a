import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { describe, expect, it } from 'vitest';

import development from './access/development.json' with { type: 'json' };
import { AuthApp } from './testing/auth-app.fixture.js';

const auth = AuthApp.forFile({ ISSUER: 'https://auth.example.com/' });

describe('discovery', () => {
  it('lists what there is, on the issuer as it is written', async () => {
    const path = '/.well-known/oauth-authorization-server';
    const { status, body } = await auth.call<{ scopes_supported: string[] }>('GET', path);
    expect(status).toBe(200);
    const seeded = development.resources.flatMap((resource) => resource.scopes);
    const scopes = [...seeded.map(({ name }) => name), 'admin', 'account'];
    expect(body.scopes_supported).toHaveLength(scopes.length);
    expect(body).toEqual({
      issuer: 'https://auth.example.com/',
      token_endpoint: 'https://auth.example.com/oauth/token',
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
      revocation_endpoint: 'https://auth.example.com/oauth/revoke',
      revocation_endpoint_auth_methods_supported: [
        'client_secret_basic',
        'client_secret_post',
        'none',
      ],
      introspection_endpoint: 'https://auth.example.com/oauth/introspect',
      introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      jwks_uri: 'https://auth.example.com/.well-known/jwks.json',
      revocation_feed: 'https://auth.example.com/revocations',
      scopes_supported: expect.arrayContaining(scopes) as string[],
      response_types_supported: [],
      grant_types_supported: ['client_credentials', 'refresh_token'],
    });
  });

  it('publishes the keys for everyone to cache', async () => {
    const answer = await auth.call<{ keys: object[] }>('GET', '/.well-known/jwks.json');
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'cache-control': 'public, max-age=300',
      'content-type': 'application/json; charset=utf-8',
    });
    expect(answer.body.keys).toHaveLength(2);
  });
});

describe('the console', () => {
  const hasConsole = (app: AuthApp) => {
    const adapter = app.get<HttpAdapterHost<FastifyAdapter>>(HttpAdapterHost).httpAdapter;
    return adapter.getInstance().hasRoute({ method: 'GET', url: '/console' });
  };

  it('is there, unless it is switched off', async () => {
    expect(hasConsole(auth)).toBe(true);
    const without = await AuthApp.start({ DATABASE_URL: auth.databaseUrl, CONSOLE: 'off' });
    expect(hasConsole(without)).toBe(false);
    await without.close();
  });
});

describe('health', () => {
  it('is ready with a database, keys and a revocation list', async () => {
    expect((await auth.call('GET', '/health/live')).status).toBe(200);
    await expect.poll(async () => (await auth.call('GET', '/health/ready')).status).toBe(200);
  });
});

describe('the document of the API', () => {
  interface Document {
    readonly paths: Record<string, Record<string, { requestBody?: unknown; responses: object }>>;
  }

  it('describes every route, with bodies from the schemas that validate', async () => {
    const { body } = await auth.call<Document>('GET', '/docs-json');
    expect(Object.keys(body.paths).sort()).toEqual([
      '/.well-known/jwks.json',
      '/.well-known/oauth-authorization-server',
      '/.well-known/webauthn',
      '/admin/audit',
      '/admin/clients',
      '/admin/clients/{id}',
      '/admin/clients/{id}/secrets',
      '/admin/clients/{id}/secrets/{secretId}',
      '/admin/health',
      '/admin/keys',
      '/admin/keys/rotate',
      '/admin/keys/{kid}/withdraw',
      '/admin/resources',
      '/admin/resources/{audience}',
      '/admin/revocations',
      '/admin/roles',
      '/admin/roles/{name}',
      '/admin/services',
      '/admin/tokens/check',
      '/admin/tokens/live',
      '/admin/users',
      '/admin/users/{id}',
      '/admin/users/{id}/factors',
      '/admin/users/{id}/password',
      '/admin/users/{id}/password/reset',
      '/admin/users/{id}/sessions',
      '/admin/users/{id}/sessions/{sid}',
      '/auth/account/restore',
      '/auth/email/change',
      '/auth/email/change/confirm',
      '/auth/email/confirm',
      '/auth/email/verify',
      '/auth/email/verify/resend',
      '/auth/factors',
      '/auth/factors/passkeys',
      '/auth/factors/passkeys/options',
      '/auth/factors/recovery-codes',
      '/auth/factors/totp',
      '/auth/factors/totp/confirm',
      '/auth/factors/{id}',
      '/auth/login',
      '/auth/login/mfa',
      '/auth/login/passkey',
      '/auth/login/passkey/options',
      '/auth/logout',
      '/auth/logout-everywhere',
      '/auth/me',
      '/auth/me/export',
      '/auth/password',
      '/auth/password/forgot',
      '/auth/password/reset',
      '/auth/refresh',
      '/auth/register',
      '/auth/sessions',
      '/auth/sessions/{id}',
      '/auth/step-up',
      '/auth/step-up/options',
      '/health/live',
      '/health/ready',
      '/oauth/introspect',
      '/oauth/revoke',
      '/oauth/token',
      '/revocations',
      '/version',
    ]);
    expect(JSON.stringify(body.paths['/auth/login']?.post?.requestBody)).toContain('LoginRequest');
    expect(JSON.stringify(body.paths['/auth/login']?.post?.responses)).toContain('TokenResponse');
  });
});
