import { AUTH } from '../place.js';
import { connectionLost } from './connection.js';
import { confirmIdentity } from './identity.js';
import { ApiError, errorOf, errorOfFailure, sessionEnded } from './problem.js';
import { session } from './session.js';

const KEPT_FOR_DOWNLOAD_MS = 60_000;

interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Calls auth as the user who is logged in, through the API that everyone can use. If the login is too
 * long ago for the call, it asks the user for a proof and repeats the call.
 *
 * @param path below the address of auth, without a slash before it
 * @returns the body of the answer; `undefined` if it has none
 * @throws ApiError
 */
export async function call<T = undefined>(path: string, options: Call = {}): Promise<T> {
  try {
    return await send<T>(path, options);
  } catch (error) {
    if (!needsProof(error) || !(await confirmIdentity())) throw error;
    return send<T>(path, options);
  }
}

/** The session goes on, and the call needs a new proof of who the user is (RFC 9470). */
const needsProof = (error: unknown) =>
  error instanceof ApiError && error.code === 'insufficient_user_authentication';

/**
 * Saves the answer to a GET as a file of the user, whole or not at all.
 *
 * @throws ApiError
 */
export async function download(path: string, fileName: string): Promise<void> {
  const content = await answer(path, {}, (response) => response.blob());
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = fileName;
  link.click();
  // The browser has taken it over by then.
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_FOR_DOWNLOAD_MS);
}

function send<T>(path: string, options: Call): Promise<T> {
  return answer(path, options, async (response) => {
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  });
}

async function answer<T>(
  path: string,
  options: Call,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  const { method = 'GET', body, headers = {}, signal } = options;
  const hasBody = body !== undefined;
  const request: RequestInit = {
    method,
    cache: 'no-store',
    headers: { ...(hasBody && { 'content-type': 'application/json' }), ...headers },
    ...(hasBody && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  };
  try {
    // It is not known yet whether there is a session. Calls that need none are made once that is known.
    if (session.principal === undefined && !(await session.renew())) throw sessionEnded();
    const response = await session.fetch(new URL(path, AUTH), request);
    if (!response.ok) throw await errorOf(response);
    return await read(response);
  } catch (error) {
    if (signal?.aborted) throw error;
    const known = errorOfFailure(error);
    if (known.code === 'unreachable') connectionLost();
    throw known;
  }
}

/** `users/<id>` with each part encoded. */
export const path = (...parts: readonly string[]) => parts.map(encodeURIComponent).join('/');
