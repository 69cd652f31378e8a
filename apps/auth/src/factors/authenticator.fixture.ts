import { Secret, TOTP } from 'otpauth';

import {
  PASSWORD,
  type Answer,
  type AuthApp,
  type ProblemBody,
} from '../testing/auth-app.fixture.js';
import type { MfaDemand } from '../sessions/login.schema.js';
import type { TokenResponse } from '../sessions/sessions.schema.js';
import type { AddedFactor, TotpKey } from './factors.schema.js';

/** What a token of a user says. */
export interface Said {
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
  readonly sid: string;
  readonly jti: string;
  readonly auth_time: number;
  readonly amr: string[];
  readonly acr: string;
  readonly scope: string;
  readonly roles: string[];
}

export const said = (token: string): Said =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Said;

/** The code that an authenticator app shows, or did some steps ago. */
export function codeFor(auth: AuthApp, secret: string, stepsAgo = 0): string {
  const timestamp = +auth.clock.now() - stepsAgo * 30_000;
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp });
}

/** A user with an authenticator app. */
export interface Enrolled {
  readonly userId: string;
  readonly email: string;
  readonly secret: string;
  readonly factorId: string;
  readonly recoveryCodes: readonly string[];
  /** Of the session that has added it: with `mfa`. */
  readonly token: string;
  readonly refreshToken: string;
}

/** `code`: the one that has confirmed it. */
export type AddedApp = AddedFactor & TotpKey & { readonly code: string };

/** Adds an authenticator app to the user of a login. */
export async function addApp(auth: AuthApp, token: string): Promise<AddedApp> {
  const { body: key } = await auth.call<TotpKey>('POST', '/auth/factors/totp', { token });
  const code = codeFor(auth, key.secret);
  const path = '/auth/factors/totp/confirm';
  const added = await auth.call<AddedFactor>('POST', path, { token, body: { code } });
  if (added.status !== 200) throw new Error(`confirm: ${JSON.stringify(added.body)}`);
  return { ...key, ...added.body, code };
}

let count = 0;

/** Registers someone, who then adds an app. Its last code may be used again. */
export async function enrolled(auth: AuthApp): Promise<Enrolled> {
  const email = `enrolled-${(count += 1)}@example.com`;
  const { id: userId } = (await auth.register(email)).body;
  const login = await auth.login(email);
  const { id, secret, recoveryCodes = [] } = await addApp(auth, login.access_token);
  await forgetCodes(auth, userId);
  const { body: tokens } = await auth.refresh(login.refresh_token);
  return {
    ...{ userId, email, secret, recoveryCodes, factorId: id },
    token: tokens.access_token,
    refreshToken: tokens.refresh_token,
  };
}

/** As if no code had been used yet. */
export async function forgetCodes(auth: AuthApp, userId: string): Promise<void> {
  await auth.dataSource.query('UPDATE factors SET last_step = 0 WHERE user_id = $1', [userId]);
}

/** The first step of a login. */
export async function ticketFor(auth: AuthApp, email: string, more = {}): Promise<string> {
  const body = { email, password: PASSWORD, ...more };
  const answer = await auth.call<MfaDemand>('POST', '/auth/login', { body });
  return answer.body.mfa.ticket;
}

/** The second step. */
export function secondStep(
  auth: AuthApp,
  body: object,
  headers: Record<string, string> = {},
): Promise<Answer<TokenResponse & ProblemBody>> {
  return auth.call('POST', '/auth/login/mfa', { body, headers });
}
