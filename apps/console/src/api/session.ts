import {
  createSession,
  SecondFactorError,
  type Credentials,
  type FactorProof,
  type PasskeyCredentials,
  type Proof,
  type SecondFactorDemand,
} from '@jwt-auth/browser';

import { AUTH } from '../place.js';
import { errorOfFailure, sessionEnded } from './problem.js';

/** The session of this browser, in all its tabs, as any other page could have it. */
export const session = createSession({ issuer: AUTH.href });

const inWords = <T>(work: Promise<T>): Promise<T> =>
  work.catch((failure: unknown) => Promise.reject(errorOfFailure(failure)));

/**
 * @returns what the second step needs; `undefined` when the login is done
 * @throws ApiError such as `invalid_credentials`
 */
export function login(credentials: Credentials): Promise<SecondFactorDemand | undefined> {
  const work = session.login(credentials).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof SecondFactorError) return error.mfa;
      throw error;
    },
  );
  return inWords(work);
}

/** @throws ApiError such as `invalid_passkey` */
export const loginWithPasskey = (credentials: PasskeyCredentials) =>
  inWords(session.loginWithPasskey(credentials));

/** @throws ApiError such as `invalid_code` */
export const loginWithFactor = (proof: FactorProof & { readonly ticket: string }) =>
  inWords(session.loginWithFactor(proof));

/** @throws ApiError such as `invalid_credentials` */
export const stepUp = (proof: Proof) => inWords(session.stepUp(proof));

/**
 * A new access token of the session, to show it: the library does not give out the current one.
 *
 * @throws ApiError
 */
export async function newAccessToken(): Promise<string> {
  const token = await inWords(session.renew());
  if (token === undefined) throw sessionEnded();
  return token;
}
