import { startAuthentication, startRegistration } from '@simplewebauthn/browser';

import { ApiError } from '../api/problem.js';
import { texts } from '../texts.js';

type CreationOptions = Parameters<typeof startRegistration>[0]['optionsJSON'];
type RequestOptions = Parameters<typeof startAuthentication>[0]['optionsJSON'];

/** Makes a passkey on a device of the user. @throws ApiError when nothing came of it */
export const createPasskey = (options: object): Promise<object> =>
  startRegistration({ optionsJSON: options as CreationOptions }).catch(notDone);

/** Signs with a passkey of the user. @throws ApiError when nothing came of it */
export const signWithPasskey = (options: object): Promise<object> =>
  startAuthentication({ optionsJSON: options as RequestOptions }).catch(notDone);

/** The user has left the browser's dialog, or no device has such a passkey: browsers do not say which. */
const notDone = () => Promise.reject(new ApiError('no_passkey', texts.problems.no_passkey));
