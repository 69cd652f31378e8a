import { JwtCoreStatistics } from '@jwt-auth/jwt-core';
import { beforeAll, describe, expect, it } from 'vitest';

import { AuthApp } from '../testing/auth-app.fixture.js';
import type { TokenVerdict } from './tokens.admin.controller.js';

const auth = AuthApp.forFile({ SEED_DEMO: 'on' });
let admin: string;
beforeAll(async () => {
  ({ access_token: admin } = await auth.login('admin@example.com'));
});

const check = (body: unknown, token = admin) =>
  auth.call<TokenVerdict>('POST', '/admin/tokens/check', { token, body });
const verdict = async (token: string) => (await check({ token })).body;

describe('POST /admin/tokens/check', () => {
  it('is for administrators', async () => {
    const { access_token: ada } = await auth.login('ada@example.com');
    expect((await check({ token: ada }, ada)).status).toBe(403);
    expect((await check({ token: ada }, '')).status).toBe(401);
  });

  it('accepts a token of either kind, until its session ends', async () => {
    const body = { email: 'ada@example.com', password: 'correct horse battery staple' };
    const jwt = (await auth.login(body.email)).access_token;
    const reference = (
      await auth.call<{ access_token: string }>('POST', '/auth/login', {
        body: { ...body, token_format: 'reference' },
      })
    ).body.access_token;
    for (const token of [jwt, reference]) {
      expect(await verdict(token)).toEqual({ accepted: true });
      await auth.call('POST', '/auth/logout', { token });
      await expect.poll(() => verdict(token)).toMatchObject({ accepted: false });
    }
    expect(await verdict(jwt)).toMatchObject({ code: 'token_revoked' });
  });

  it('says what is wrong with a token', async () => {
    const [header = '', payload = '', signature = ''] = admin.split('.');
    const forged = `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    expect(await verdict(forged)).toEqual({
      accepted: false,
      code: 'token_invalid',
      reason: 'wrong signature',
    });
    for (const token of ['', 'a.b', 'x'.repeat(9_000), `${admin} `]) {
      expect(await verdict(token)).toMatchObject({ accepted: false, code: 'token_invalid' });
    }
  });

  it.each([{}, { token: 1 }, { token: null }, { token: 'a', more: 1 }])(
    'refuses the body %j',
    async (body) => {
      expect((await check(body)).status).toBe(400);
    },
  );

  it('is not counted as a request with that token', async () => {
    const statistics = auth.get(JwtCoreStatistics);
    const before = statistics.verdicts.token_invalid;
    await verdict('a.b.c');
    expect(statistics.verdicts.token_invalid).toBe(before);
  });
});
