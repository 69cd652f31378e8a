import { createSession, SessionError, type Credentials, type Proof } from '@jwt-auth/browser';

import { errorFrom, errorOf, unreachable } from '../api/problem.js';
import { AUTH } from '../place.js';

/** The session of this browser, in all its tabs, as any other page could have it. */
export const session = createSession({ issuer: AUTH.href });

/** @throws ApiError such as `invalid_credentials` */
export const login = (credentials: Credentials) => inWords(session.login(credentials));

/** @throws ApiError such as `invalid_credentials` */
export const stepUp = (proof: Proof) => inWords(session.stepUp(proof));

async function inWords(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof SessionError)) throw unreachable();
    throw errorFrom(error.problem, error.retryAfterSeconds);
  }
}

/**
 * An access token of the session, to look at: a new one, since the library shows its own to nobody.
 *
 * @throws ApiError
 */
export async function newAccessToken(): Promise<string> {
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
    cache: 'no-store',
  } as const;
  const response = await fetch(new URL('auth/refresh', AUTH), request).catch(() =>
    Promise.reject(unreachable()),
  );
  if (!response.ok) throw await errorOf(response, true);
  return ((await response.json()) as { access_token: string }).access_token;
}
