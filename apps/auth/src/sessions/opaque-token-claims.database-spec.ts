import { beforeAll, describe, expect, it, vi } from 'vitest';

import { AuthApp, PASSWORD, type Answer } from '../testing/auth-app.fixture.js';
import { ReferenceTokensRepository } from '../tokens/reference-tokens.repository.js';
import { PAGE, tokenIn, withCookie } from './refresh-cookie.fixture.js';
import type { CookieTokenResponse, TokenResponse } from './sessions.schema.js';
import type { StepUpResponse } from './step-up.schema.js';

const auth = AuthApp.forFile({ ISSUER: 'https://auth.example.com/tenant', CORS_ORIGINS: PAGE });
const email = 'opaque@example.com';
beforeAll(async () => void (await auth.register(email)));

const login = (body: object) =>
  auth.call<CookieTokenResponse>('POST', '/auth/login', {
    body: { email, password: PASSWORD, delivery: 'cookie', ...body },
    headers: { origin: PAGE },
  });
const refresh = (token: string, body: object) =>
  auth.call<CookieTokenResponse>('POST', '/auth/refresh', { headers: withCookie(token), body });

describe('an opaque access token', () => {
  const OPAQUE = { token_format: 'reference' };
  /** Each JWT has claims of its own. */
  const lasting = ({ iat: _iat, exp: _exp, jti: _jti, sid: _sid, ...others }: Claims) => others;
  type Claims = Readonly<Record<string, unknown>>;

  function claimsOf({ body }: Answer<CookieTokenResponse>): Claims {
    const payload = body.access_token.split('.')[1] ?? '';
    return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims;
  }

  it('beside the cookie comes with the claims that a JWT has, whatever its scope', async () => {
    const narrowed = { scope: 'orders:read' };
    const jwt = await login(narrowed);
    expect(jwt.body).not.toHaveProperty('access_token_claims');
    const opaque = await login({ ...narrowed, ...OPAQUE });
    expect(opaque.body.access_token).toMatch(/^[\w-]{43}$/);
    const { access_token_claims: claims = {} } = opaque.body;
    const { auth_time: time, ...others } = lasting(claims);
    const { auth_time: timeOfJwt, ...othersOfJwt } = lasting(claimsOf(jwt));
    expect(others).toEqual(othersOfJwt);
    expect(time).toBeGreaterThanOrEqual(timeOfJwt as number);

    const token = tokenIn(opaque);
    const refreshed = await refresh(token, OPAQUE);
    expect(refreshed.body.access_token_claims).toMatchObject({ ...others, sid: claims['sid'] });
    const again = await refresh(token, OPAQUE);
    expect(again.body.access_token_claims).toEqual(refreshed.body.access_token_claims);

    const raised = await auth.call<StepUpResponse>('POST', '/auth/step-up', {
      token: refreshed.body.access_token,
      body: { password: PASSWORD, ...OPAQUE },
    });
    expect(raised.body.access_token_claims).toMatchObject({ ...others, sid: claims['sid'] });
  });

  it('is delivered while its claims cannot be read, and a new one with them', async () => {
    const session = await login(OPAQUE);
    const findLive = vi
      .spyOn(auth.get(ReferenceTokensRepository), 'findLive')
      .mockRejectedValue(new Error('the database is away'));
    const token = tokenIn(session);
    const refreshed = await refresh(token, OPAQUE);
    expect(refreshed).toMatchObject({ status: 200, body: { access_token_claims: {} } });
    const again = await refresh(token, OPAQUE);
    findLive.mockRestore();
    expect(again.status).toBe(200);
    expect(tokenIn(again)).toBe(tokenIn(refreshed));
    expect(again.body).not.toHaveProperty('access_token_claims');
    expect(auth.log.join()).toContain('claims of an opaque access token could not be read');
  });

  it('of a step-up needs one reading: that of the token before', async () => {
    const { body } = await login(OPAQUE);
    const findLive = vi.spyOn(auth.get(ReferenceTokensRepository), 'findLive');
    const raised = await auth.call<StepUpResponse>('POST', '/auth/step-up', {
      token: body.access_token,
      body: { password: PASSWORD, ...OPAQUE },
    });
    expect(raised.body).toHaveProperty('access_token_claims');
    expect(findLive).toHaveBeenCalledTimes(1);
    findLive.mockRestore();
  });

  it('beside a refresh token in the body keeps its claims to itself', async () => {
    const started = await auth.call<TokenResponse>('POST', '/auth/login', {
      body: { email, password: PASSWORD, ...OPAQUE },
    });
    const refreshed = await auth.call<TokenResponse>('POST', '/auth/refresh', {
      body: { ...OPAQUE, refresh_token: started.body.refresh_token },
    });
    const exchanged = await auth.call<TokenResponse>('POST', '/oauth/token', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        ...OPAQUE,
        grant_type: 'refresh_token',
        client_id: 'web',
        refresh_token: refreshed.body.refresh_token,
      }).toString(),
    });
    for (const { body } of [started, refreshed, exchanged]) {
      expect(body.access_token).toMatch(/^[\w-]{43}$/);
      expect(body).not.toHaveProperty('access_token_claims');
    }
  });
});
