import { AccessError } from '@jwt-auth/jwt-core';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

import { callerOf, type Caller, type GuardedRequest } from '../audit/origin.js';

/** A session, and whose it is. */
export interface OwnedSession {
  readonly userId: string;
  readonly sessionId: string;
}

/** The user of a request, the session of its token, and what the token says. */
export interface SessionUser extends OwnedSession {
  readonly principal: Caller;
}

/**
 * A handler parameter: the user of the request, who may be `undefined` under `@OptionalAuth()` alone.
 *
 * @throws AccessError `insufficient_role` if the token was issued to a client for itself
 */
export const CurrentUser = createParamDecorator(
  (_: unknown, context: ExecutionContext): SessionUser | undefined => {
    const request = context.switchToHttp().getRequest<GuardedRequest>();
    if (!request.principal) return undefined;
    const principal = callerOf(request, request.principal);
    const { subject: userId, sessionId } = principal;
    if (sessionId !== undefined) return { userId, sessionId, principal };
    throw new AccessError('insufficient_role', 'The token is not from a login', []);
  },
);
