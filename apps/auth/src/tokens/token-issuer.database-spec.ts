import { verify } from 'node:crypto';
import { RevocationList } from '@jwt-auth/jwt-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';

import { AccessModel } from '../access/access-model.js';
import { KeyRing } from '../keys/key-ring.js';
import { AuthApp } from '../testing/auth-app.fixture.js';
import { ReferenceTokens } from './reference-tokens.js';
import { TokenIssuer, type AccessTokenGrant } from './token-issuer.js';

const auth = AuthApp.forFile({ ISSUER: 'https://auth.example.com', AUDIENCE: 'shop' });

beforeAll(async () => {
  await auth.dataSource.query(`INSERT INTO resources VALUES ('mail', '[]'), ('files', '[]')`);
});

const GRANT: Grant = {
  subject: '6f1ed002-ab5a-4b9c-9f6e-7d1f0c0f1a11',
  clientId: 'web',
  sessionId: 'b7b0a6b4-3d0a-4f43-8d4c-5a3b0f6e2c22',
  scopes: ['orders:read', 'orders:write'],
  roles: ['user'],
};

interface Grant extends Omit<AccessTokenGrant, 'terms'> {
  /** None: that of the setting `AUDIENCE`. */
  readonly audiences?: readonly string[];
}

async function issue(
  { audiences = [], ...grant }: Grant = GRANT,
  manager = auth.dataSource.manager,
) {
  const { clientId } = grant;
  const terms = await auth.get(AccessModel).terms(manager, {
    clientId,
    audiences: audiences.length > 0 ? audiences : ['shop'],
  });
  return auth.get(TokenIssuer).issue(manager, { ...grant, terms });
}
const part = (token: string, index: number): unknown =>
  JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString());

describe('an access token', () => {
  it('has exactly the header of RFC 9068', async () => {
    const { token } = await issue();
    const [header = ''] = token.split('.');
    const { kid } = auth.get(KeyRing).active;
    expect(Buffer.from(header, 'base64url').toString()).toBe(
      `{"alg":"RS256","typ":"at+jwt","kid":"${kid}"}`,
    );
  });

  it('says all that it must, and nothing else', async () => {
    const { token, tokenId, expiresAt, expiresInSeconds } = await issue();
    const payload = part(token, 1) as Record<string, number>;
    expect(payload).toEqual({
      iss: 'https://auth.example.com',
      sub: GRANT.subject,
      aud: 'shop',
      client_id: 'web',
      token_version: 0,
      iat: expect.any(Number) as number,
      exp: (payload.iat ?? 0) + 900,
      jti: tokenId,
      sid: GRANT.sessionId,
      scope: 'orders:read orders:write',
      roles: ['user'],
    });
    expect(Math.abs((payload.iat ?? 0) - Date.now() / 1000)).toBeLessThan(60);
    expect(expiresInSeconds).toBe(900);
    expect(+expiresAt / 1000).toBe(payload.exp);
  });

  it('is signed with the active key', async () => {
    const [header, payload, signature = ''] = (await issue()).token.split('.');
    const keys = auth.get(KeyRing);
    const key = keys.get(keys.active.kid)?.publicKey;
    const signed = Buffer.from(`${header}.${payload}`);
    expect(key && verify('sha256', signed, key, Buffer.from(signature, 'base64url'))).toBe(true);
  });

  it('never has the id of another', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => issue()));
    expect(new Set(tokens.map(({ tokenId }) => tokenId)).size).toBe(20);
  });

  it('has no sid when a service calls for itself, and no claims when there are none', async () => {
    const { token } = await issue({
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

  it('carries the claims of its subject', async () => {
    const claims = { tenant: 'acme', limits: [1, 2] };
    expect(part((await issue({ ...GRANT, claims })).token, 1)).toMatchObject({ claims });
  });

  it.each([
    [['mail'], 'mail'],
    [
      ['mail', 'files'],
      ['mail', 'files'],
    ],
    [[], 'shop'],
  ])('for the audiences %j has the aud %j', async (audiences, aud) => {
    expect(part((await issue({ ...GRANT, audiences })).token, 1)).toMatchObject({ aud });
  });

  it('carries the number of the newest revocation of its client', async () => {
    expect(part((await issue(GRANT)).token, 1)).toMatchObject({ token_version: 0 });
    await auth.dataSource.query(
      `INSERT INTO revoked_tokens (kind, id, exp, before) VALUES ('client', $1, 2000000000, 1)`,
      [GRANT.clientId],
    );
    const { token_version: first } = part((await issue(GRANT)).token, 1) as Record<string, number>;
    await auth.dataSource.query(`UPDATE revoked_tokens SET exp = exp WHERE kind = 'client'`);
    const { token_version: second } = part((await issue(GRANT)).token, 1) as Record<string, number>;
    expect(first).toBeGreaterThan(0);
    expect(second).toBeGreaterThan(first ?? NaN);
  });

  it.each([
    [300_000, 300],
    [200, 1],
    [-60_000, 1],
    [86_400_000, 900],
  ])('of a session with %i ms to live lives %i s', async (left, life) => {
    // In the middle of a second, so that rounding goes one way.
    const now = Math.floor(Date.now() / 1000) * 1000;
    const notAfter = new Date(now + left);
    const { expiresInSeconds } = await issue({ ...GRANT, notAfter });
    expect([life, life - 1]).toContain(expiresInSeconds);
    expect(expiresInSeconds).toBeGreaterThan(0);
  });

  it('is a reference when its payload exceeds 1 KiB, counted in bytes', async () => {
    const withText = async (text: string) => (await issue({ ...GRANT, claims: { text } })).token;
    const size = (token: string) => Buffer.from(token.split('.')[1] ?? '', 'base64url').length;
    const room = 1024 - size(await withText(''));
    expect(size(await withText('x'.repeat(room)))).toBe(1024);
    for (const text of ['x'.repeat(room + 1), 'ü'.repeat(Math.ceil((room + 1) / 2))]) {
      expect(await withText(text)).toMatch(/^[\w-]{43}$/);
    }
  });
});

describe('a reference token', () => {
  const find = (token: string) => auth.get(ReferenceTokens).resolve(token);

  it('stands for all that a JWT would say', async () => {
    const [jwt, reference] = [await issue(), await issue({ ...GRANT, format: 'reference' })];
    expect(reference.token).toMatch(/^[\w-]{43}$/);
    const claims = await find(reference.token);
    const { iat = 0, exp = 0 } = claims ?? {};
    const said = part(jwt.token, 1) as Record<string, number>;
    expect(claims).toEqual({ ...said, iat, exp: iat + 900, jti: reference.tokenId });
    expect(Math.abs(iat - (said.iat ?? 0))).toBeLessThan(60);
    expect(reference).toMatchObject({ expiresInSeconds: 900, expiresAt: new Date(exp * 1000) });
  });

  it('is kept as a hash', async () => {
    const { token } = await issue({ ...GRANT, format: 'reference' });
    const rows = await auth.dataSource.query<{ row: string }[]>(
      `SELECT r::text || encode(hash, 'escape') || encode(hash, 'base64') AS row
       FROM reference_tokens r WHERE claims->>'jti' = $1`,
      [(await find(token))?.jti],
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.row).not.toContain(token);
    expect(rows[0]?.row).not.toContain(Buffer.from(token, 'base64url').toString('hex'));
    expect(auth.log.join()).not.toContain(token);
  });

  it('is worth nothing if its transaction fails', async () => {
    let token = '';
    const failing = auth.dataSource.transaction(async (manager) => {
      token = (await issue({ ...GRANT, format: 'reference' }, manager)).token;
      throw new Error('the rest failed');
    });
    await expect(failing).rejects.toThrow('the rest failed');
    expect(await find(token)).toBeUndefined();
  });

  it('is worth nothing once it has expired', async () => {
    const { token } = await issue({ ...GRANT, format: 'reference' });
    auth.clock.advance(899_000);
    expect(await find(token)).toBeDefined();
    auth.clock.advance(1_001);
    expect(await find(token)).toBeUndefined();
    auth.clock.reset();
  });

  it.each(['', 'x', 'A'.repeat(43), `${'A'.repeat(43)}\0`, 'ü'.repeat(43)])(
    'is not %j',
    async (token) => {
      expect(await find(token)).toBeUndefined();
    },
  );

  it('of many at once, right after a key was withdrawn, needs one connection each', async () => {
    const emails = Array.from({ length: 12 }, (_, index) => `withdrawn-${index}@example.com`);
    const sessions = [];
    for (const email of emails) {
      await auth.register(email);
      sessions.push(await auth.login(email));
    }
    // The list knows it already, and the ring of this process does not.
    const isKeyRevoked = vi.spyOn(auth.get(RevocationList), 'isKeyRevoked').mockReturnValue(true);
    const answers = sessions.map(({ refresh_token: token }) => auth.refresh(token));
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    isKeyRevoked.mockRestore();
    expect(new Set(statuses)).toEqual(new Set([200]));
  });
});
