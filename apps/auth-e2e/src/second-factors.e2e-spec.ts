import { call, outcome } from '@jwt-auth/dev-stack';
import { Secret, TOTP } from 'otpauth';
import { beforeAll, describe, expect, it } from 'vitest';

import { Stack } from './stack.js';
import { decode, newSession, PASSWORD, tryLogin, type TokenResponse } from './users.js';

let stack: Stack;
let auth: string;

beforeAll(async () => {
  stack = await Stack.shared();
  auth = stack.auth();
});

const codeFor = (secret: string) => new TOTP({ secret: Secret.fromBase32(secret) }).generate();

describe('a login with a passkey alone', () => {
  it('begins with a challenge for the host of auth', async () => {
    const path = `${auth}/auth/login/passkey`;
    const { status, body } = await call(`${path}/options`, { method: 'POST' });
    expect([status, body['userVerification']]).toEqual([200, 'required']);
    const passkey = { id: 'AAAA', rawId: 'AAAA', type: 'public-key' };
    const response = { clientDataJSON: 'AAAA', authenticatorData: 'AAAA', signature: 'AAAA' };
    const answer = await call(path, { body: { passkey: { ...passkey, response } } });
    expect(outcome(answer)).toBe('invalid_passkey');
  });
});

describe('a user with an authenticator app', () => {
  it('logs in with two steps, at any process, and with each code only once', async () => {
    const { email, access_token: token } = await newSession(auth);
    const factors = `${auth}/auth/factors`;
    const { body: key } = await call(`${factors}/totp`, { method: 'POST', token });
    const confirmed = await call<{ recoveryCodes: string[] }>(`${factors}/totp/confirm`, {
      token,
      body: { code: codeFor(key['secret'] as string) },
    });
    expect(confirmed.status).toBe(200);
    const [recoveryCode] = confirmed.body.recoveryCodes;

    const ticketOf = async () => {
      const { body } = await tryLogin(auth, email, PASSWORD);
      expect(Object.keys(body)).toEqual(['mfa']);
      return (body['mfa'] as { ticket: string }).ticket;
    };
    const ticket = await ticketOf();
    const complete = (base: string, body: object) =>
      call<TokenResponse>(`${base}/auth/login/mfa`, { body });
    const other = stack.auth(1);
    const answers = await Promise.all(
      [auth, other].map((base) => complete(base, { ticket, recoveryCode })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
    const login = answers.find(({ status }) => status === 200)?.body as TokenResponse;
    expect(decode(login.access_token).payload).toMatchObject({
      ...{ acr: 'mfa', amr: ['pwd', 'otp', 'mfa'] },
    });
    const again = await complete(auth, { ticket: await ticketOf(), recoveryCode });
    expect(outcome(again)).toBe('invalid_code');
  });
});
