import { AccessError, CurrentPrincipal, type Principal } from '@jwt-auth/jwt-core';
import { Injectable, type PipeTransform } from '@nestjs/common';

/** A session, and whose it is. */
export interface OwnedSession {
  readonly userId: string;
  readonly sessionId: string;
}

/** The user of a request, the session of its token, and what the token says. */
export interface SessionUser extends OwnedSession {
  readonly principal: Principal;
}

@Injectable()
class SessionUserPipe implements PipeTransform<Principal | undefined, SessionUser | undefined> {
  transform(principal: Principal | undefined): SessionUser | undefined {
    if (!principal) return undefined;
    const { subject, sessionId } = principal;
    if (sessionId !== undefined) return { userId: subject, sessionId, principal };
    throw new AccessError('insufficient_role', 'The token is not from a login', []);
  }
}

/**
 * A handler parameter: the user of the request, who may be `undefined` under `@OptionalAuth()` alone.
 *
 * @throws AccessError `insufficient_role` if the token was issued to a client for itself
 */
export const CurrentUser = (): ParameterDecorator => CurrentPrincipal(SessionUserPipe);
