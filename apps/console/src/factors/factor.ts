import { startAuthentication, startRegistration } from '@simplewebauthn/browser';

import { ApiError } from '../api/problem.js';
import { texts } from '../texts.js';

/** A second factor, as auth lists it. */
export interface Factor {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
}

export interface FactorList {
  readonly items: readonly Factor[];
  readonly recoveryCodesLeft: number;
}

/** Recovery codes come with the first factor. */
export interface AddedFactor {
  readonly recoveryCodes?: readonly string[];
}
export type OnAdded = (recoveryCodes: AddedFactor['recoveryCodes']) => void;

/** What a user types: six digits of an authenticator app, in any grouping, or else a recovery code. */
export function proofOf(typed: string): { code: string } | { recoveryCode: string } {
  const text = typed.trim();
  const digits = text.replaceAll(/\s/g, '');
  return /^\d{6}$/.test(digits) ? { code: digits } : { recoveryCode: text };
}

type CreationOptions = Parameters<typeof startRegistration>[0]['optionsJSON'];
type RequestOptions = Parameters<typeof startAuthentication>[0]['optionsJSON'];

/** Makes a passkey on a device of the user. @throws ApiError `no_passkey` */
export const createPasskey = (options: object): Promise<object> =>
  startRegistration({ optionsJSON: options as CreationOptions }).catch(notDone);

/** Signs with a passkey of the user. @throws ApiError `no_passkey` */
export const signWithPasskey = (options: object): Promise<object> =>
  startAuthentication({ optionsJSON: options as RequestOptions }).catch(notDone);

/** The user has left the browser's dialog, or no device has such a passkey: browsers do not say which. */
const notDone = () => Promise.reject(new ApiError('no_passkey', texts.problems.no_passkey));
