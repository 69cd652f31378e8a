import type { IncomingHttpHeaders } from 'node:http';
import type { NodeRequest } from '../../http/bearer-token.js';

/** A request with the headers of another, if there is one, and these credentials. */
export function withCredentials(
  authorization: unknown,
  headers: IncomingHttpHeaders = {},
): NodeRequest {
  // Credentials that are not text are bad ones, and not none.
  const text = typeof authorization === 'string' ? authorization : 'Bearer';
  return { headers: { ...headers, authorization: text }, rawHeaders: [] };
}

/** The member `authorization` of an object, in any case. */
export function authorizationIn(members: unknown): unknown {
  if (typeof members !== 'object' || members === null) return undefined;
  const name = Object.keys(members).find((key) => key.toLowerCase() === 'authorization');
  return name === undefined ? undefined : (members as Record<string, unknown>)[name];
}
