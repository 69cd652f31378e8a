import { verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { KeyRing } from '../keys/key-ring.js';
import { AuthApp } from '../testing/auth-app.fixture.js';
import { TokenIssuer, type AccessTokenGrant } from './token-issuer.js';

let auth: AuthApp;
let issuer: TokenIssuer;

beforeAll(async () => {
  auth = await AuthApp.start({ ISSUER: 'https://auth.example.com', AUDIENCE: 'shop' });
  issuer = auth.get(TokenIssuer);
});
afterAll(() => auth.close());

const GRANT: AccessTokenGrant = {
  subject: '6f1ed002-ab5a-4b9c-9f6e-7d1f0c0f1a11',
  clientId: 'web',
  sessionId: 'b7b0a6b4-3d0a-4f43-8d4c-5a3b0f6e2c22',
  scopes: ['orders:read', 'orders:write'],
  roles: ['user'],
};

const part = (token: string, index: number): unknown =>
  JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString());

describe('an access token', () => {
  it('has exactly the header of RFC 9068', () => {
    const { token } = issuer.issue(GRANT);
    const [header = ''] = token.split('.');
    const { kid } = auth.get(KeyRing).active;
    expect(Buffer.from(header, 'base64url').toString()).toBe(
      `{"alg":"RS256","typ":"at+jwt","kid":"${kid}"}`,
    );
  });

  it('says all that it must, and nothing else', () => {
    const { token, tokenId, expiresAt, expiresInSeconds } = issuer.issue(GRANT);
    const payload = part(token, 1) as Record<string, number>;
    expect(payload).toEqual({
      iss: 'https://auth.example.com',
      sub: GRANT.subject,
      aud: 'shop',
      client_id: 'web',
      iat: expect.any(Number) as number,
      exp: (payload.iat ?? 0) + 900,
      jti: tokenId,
      sid: GRANT.sessionId,
      scope: 'orders:read orders:write',
      roles: ['user'],
    });
    expect(Math.abs((payload.iat ?? 0) - Date.now() / 1000)).toBeLessThan(2);
    expect(expiresInSeconds).toBe(900);
    expect(+expiresAt / 1000).toBe(payload.exp);
  });

  it('is signed with the active key', () => {
    const [header, payload, signature = ''] = issuer.issue(GRANT).token.split('.');
    const keys = auth.get(KeyRing);
    const key = keys.get(keys.active.kid)?.publicKey;
    const signed = Buffer.from(`${header}.${payload}`);
    expect(key && verify('sha256', signed, key, Buffer.from(signature, 'base64url'))).toBe(true);
  });

  it('never has the id of another', () => {
    const ids = Array.from({ length: 20 }, () => issuer.issue(GRANT).tokenId);
    expect(new Set(ids).size).toBe(20);
  });

  it('has no sid when a service calls for itself, and no claims when there are none', () => {
    const { token } = issuer.issue({
      subject: 's',
      clientId: 's',
      scopes: [],
      roles: [],
      claims: {},
    });
    expect(part(token, 1)).toMatchObject({ sub: 's', client_id: 's', scope: '', roles: [] });
    expect(part(token, 1)).not.toHaveProperty('sid');
    expect(part(token, 1)).not.toHaveProperty('claims');
  });

  it('carries the claims of its subject', () => {
    const claims = { tenant: 'acme', limits: [1, 2] };
    expect(part(issuer.issue({ ...GRANT, claims }).token, 1)).toMatchObject({ claims });
  });

  it.each([
    [300_000, 300],
    [200, 1],
    [-60_000, 1],
    [86_400_000, 900],
  ])('of a session with %i ms to live lives %i s', (left, life) => {
    // In the middle of a second, so that rounding goes one way.
    const now = Math.floor(Date.now() / 1000) * 1000;
    const notAfter = new Date(now + left);
    const { expiresInSeconds } = issuer.issue({ ...GRANT, notAfter });
    expect([life, life - 1]).toContain(expiresInSeconds);
    expect(expiresInSeconds).toBeGreaterThan(0);
  });

  it('is not made when its payload exceeds 1 KiB, counted in bytes', () => {
    const size = (claims: object): number =>
      Buffer.from(
        issuer.issue({ ...GRANT, claims: { ...claims } }).token.split('.')[1] ?? '',
        'base64url',
      ).length;
    const room = 1024 - size({ text: '' });
    expect(size({ text: 'x'.repeat(room) })).toBe(1024);
    for (const text of ['x'.repeat(room + 1), 'ü'.repeat(Math.ceil((room + 1) / 2))]) {
      expect(() => issuer.issue({ ...GRANT, claims: { text } })).toThrow(
        expect.objectContaining({ code: 'payload_too_large' }),
      );
    }
  });
});
