import type { z } from 'zod';
import { describe, expect, it } from 'vitest';

import { LoginRequest, MfaDemand, MfaLoginRequest } from './login.schema.js';
import {
  CookieTokenResponse,
  LiveTokens,
  LiveTokensQuery,
  RefreshRequest,
  SessionList,
  TokenResponse,
} from './sessions.schema.js';
import { StepUpRequest, StepUpResponse } from './step-up.schema.js';

const ID = '0198a5f0-3c1b-7d56-9c9c-000000000001';
const AT = '2026-01-02T03:04:05.678Z';
const access = { access_token: 'a', token_type: 'Bearer', expires_in: 900, scope: '' };
const cookie = { ...access, refresh_expires_in: 86_400 };
const tokens = { ...cookie, refresh_token: 'r' };
const demand = (method: string) => ({
  mfa: { ticket: 't', methods: [method], expiresIn: 300 },
});
const session = { id: ID, createdAt: AT, lastUsedAt: AT, expiresAt: AT, current: true };

describe('the schema of an answer', () => {
  it.each<[string, z.ZodType, unknown]>([
    ['tokens', TokenResponse, tokens],
    ['tokens beside a cookie', CookieTokenResponse, cookie],
    ['a step up', StepUpResponse, access],
    ['a demand for a code', MfaDemand, demand('totp')],
    ['a demand for a passkey', MfaDemand, demand('passkey')],
    ['a demand for a recovery code', MfaDemand, demand('recovery-code')],
    ['sessions', SessionList, [{ ...session, ip: '192.0.2.1', userAgent: null }]],
    ['live tokens', LiveTokens, { count: 0 }],
  ])('has all members of %s', (_, schema, answer) => {
    expect(schema.parse(answer)).toEqual(answer);
    const [one] = Array.isArray(answer) ? (answer as object[]) : [answer as object];
    for (const member of Object.keys(one ?? {})) {
      const less = { ...one, [member]: undefined };
      expect(schema.safeParse(Array.isArray(answer) ? [less] : less).success).toBe(false);
    }
  });

  it('knows no other type of token or factor', () => {
    for (const schema of [TokenResponse, CookieTokenResponse, StepUpResponse]) {
      expect(schema.safeParse({ ...tokens, token_type: '' }).success).toBe(false);
    }
    expect(MfaDemand.safeParse(demand('')).success).toBe(false);
  });

  it('keeps a refresh token that is in a cookie out of the body', () => {
    expect(CookieTokenResponse.parse(tokens)).toEqual(cookie);
  });
});

/** Where it is wrong. */
const faultOf = (schema: z.ZodType, request: unknown): string | undefined =>
  schema.safeParse(request).error?.issues[0]?.path.join('.');
const text = (length: number) => 'x'.repeat(length);

describe('the schema of a request', () => {
  it.each<[z.ZodType, object, string | undefined]>([
    [LoginRequest, { email: 'ada@example.com', password: 'p' }, undefined],
    [LoginRequest, { email: 'ada@example.com', password: '' }, 'password'],
    [LoginRequest, { email: 'ada@example.com', password: 'p', delivery: '' }, 'delivery'],
    [RefreshRequest, {}, undefined],
    [RefreshRequest, { refresh_token: text(4096) }, undefined],
    [RefreshRequest, { refresh_token: text(4097) }, 'refresh_token'],
    [RefreshRequest, { refresh_token: '' }, 'refresh_token'],
    [MfaLoginRequest, { ticket: text(512), code: '123456' }, undefined],
    [MfaLoginRequest, { ticket: text(513), code: '123456' }, 'ticket'],
    [MfaLoginRequest, { ticket: '', code: '123456' }, 'ticket'],
    [MfaLoginRequest, { ticket: 't' }, 'code'],
    [MfaLoginRequest, { ticket: 't', code: '123456', recoveryCode: 'ABCDE-FGHIJ' }, 'code'],
    [StepUpRequest, { password: 'p' }, undefined],
    [StepUpRequest, { password: '' }, 'password'],
    [StepUpRequest, { password: 'p', code: '123456' }, undefined],
    [StepUpRequest, {}, 'password'],
    [StepUpRequest, { code: '123456', recoveryCode: 'ABCDE-FGHIJ' }, 'code'],
    [LiveTokensQuery, {}, undefined],
    [LiveTokensQuery, { userId: ID, kid: 'a', role: 'admin', audience: 'api' }, undefined],
    [LiveTokensQuery, { session: ID }, ''],
  ])('%# takes or refuses %j', (schema, request, fault) => {
    expect(faultOf(schema, request)).toBe(fault);
  });
});
