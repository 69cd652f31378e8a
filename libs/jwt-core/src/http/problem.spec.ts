import { describe, expect, it } from 'vitest';
import { AccessError } from '../verifier/access.js';
import { TokenError, type TokenErrorCode } from '../verifier/token-error.js';
import { problemOf } from './problem.js';

describe('problemOf', () => {
  it.each<[TokenErrorCode, number, Record<string, string>]>([
    ['token_missing', 401, { 'WWW-Authenticate': 'Bearer' }],
    ['token_invalid', 401, { 'WWW-Authenticate': 'Bearer error="invalid_token"' }],
    [
      'token_revoked',
      401,
      {
        'WWW-Authenticate':
          'Bearer error="invalid_token", error_description="The token was revoked"',
      },
    ],
    ['revocations_stale', 503, { 'Retry-After': '2' }],
    ['keys_unavailable', 503, { 'Retry-After': '10' }],
  ])('answers %s with %i and its header, and without its message', (code, status, header) => {
    const headers = { ...header, 'Content-Type': 'application/problem+json' };
    const title = status === 401 ? 'Unauthorized' : 'Service Unavailable';
    const body = { type: 'about:blank', title, status, code };
    expect(problemOf(new TokenError(code, 'kid 7'))).toEqual({ status, headers, body });
  });

  it('names the scopes that are demanded', () => {
    const refusal = new AccessError('insufficient_scope', 'missing', ['orders:read', 'audit']);
    expect(problemOf(refusal)).toMatchObject({
      status: 403,
      headers: {
        'WWW-Authenticate': 'Bearer error="insufficient_scope", scope="orders:read audit"',
      },
      body: { code: 'insufficient_scope' },
    });
  });

  it.each([
    [{ maxAgeSeconds: 300 }, 'max_age="300"'],
    [{ acrValues: ['mfa', 'hwk'] }, 'acr_values="mfa hwk"'],
    [{ maxAgeSeconds: 5, acrValues: ['mfa'] }, 'max_age="5", acr_values="mfa"'],
  ])('names the authentication that is demanded (RFC 9470): %j', (authentication, parameters) => {
    const code = 'insufficient_user_authentication';
    expect(problemOf(new AccessError(code, 'old', [], { authentication }))).toMatchObject({
      status: 401,
      headers: { 'WWW-Authenticate': `Bearer error="${code}", ${parameters}` },
      body: { code },
    });
  });

  it.each([new Error('password=hush'), undefined, 'hush', { code: 'token_missing' }])(
    'says nothing of any other error: %o',
    (error) => {
      expect(problemOf(error)).toEqual({
        status: 500,
        headers: { 'Content-Type': 'application/problem+json' },
        body: {
          type: 'about:blank',
          title: 'Internal Server Error',
          status: 500,
          code: 'internal_error',
        },
      });
    },
  );
});
