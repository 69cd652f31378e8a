import {
  createSession,
  SecondFactorError,
  SessionError,
  type Credentials,
  type FactorProof,
  type PasskeyCredentials,
  type Proof,
  type SecondFactorDemand,
} from '@jwt-auth/browser';

import { errorFrom, errorOf, sessionEnded, unreachable, type ApiError } from '../api/problem.js';
import { AUTH } from '../place.js';

/** The session of this browser, in all its tabs, as any other page could have it. */
export const session = createSession({ issuer: AUTH.href });

/**
 * @returns what the second step needs; `undefined` when the login is done
 * @throws ApiError such as `invalid_credentials`
 */
export async function login(credentials: Credentials): Promise<SecondFactorDemand | undefined> {
  try {
    await session.login(credentials);
  } catch (error) {
    if (error instanceof SecondFactorError) return error.mfa;
    throw inWords(error);
  }
  return undefined;
}

/** @throws ApiError such as `invalid_passkey` */
export const loginWithPasskey = (credentials: PasskeyCredentials) =>
  session.loginWithPasskey(credentials).catch((error: unknown) => Promise.reject(inWords(error)));

/** @throws ApiError such as `invalid_code` */
export const loginWithFactor = (proof: FactorProof & { readonly ticket: string }) =>
  session.loginWithFactor(proof).catch((error: unknown) => Promise.reject(inWords(error)));

/** @throws ApiError such as `invalid_credentials` */
export const stepUp = (proof: Proof) =>
  session.stepUp(proof).catch((error: unknown) => Promise.reject(inWords(error)));

const inWords = (error: unknown): ApiError =>
  error instanceof SessionError ? errorFrom(error.problem, error.retryAfterSeconds) : unreachable();

/**
 * An access token of the session, to look at: a new one, since the library shows the others to nobody.
 *
 * @throws ApiError
 */
export async function newAccessToken(): Promise<string> {
  const token = await session.renew().catch((error: unknown) => Promise.reject(inWords(error)));
  if (token === undefined) throw sessionEnded();
  return token;
}

/** Calls what needs no session. @throws ApiError */
export async function post<T>(path: string): Promise<T> {
  const response = await fetch(new URL(path, AUTH), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
    cache: 'no-store',
  }).catch(() => Promise.reject(unreachable()));
  if (!response.ok) throw await errorOf(response, false);
  return (await response.json()) as T;
}
