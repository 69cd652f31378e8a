import { AccessError, CurrentPrincipal, type Principal } from '@jwt-auth/jwt-core';
import { Injectable, type PipeTransform } from '@nestjs/common';

/** A caller who logged in. */
export interface Person {
  readonly userId: string;
  readonly sessionId: string;
}

/** Of a principal, the person. A service that calls for itself is none. */
@Injectable()
class PersonPipe implements PipeTransform<Principal, Person> {
  transform({ subject, sessionId }: Principal): Person {
    if (sessionId !== undefined) return { userId: subject, sessionId };
    throw new AccessError('insufficient_role', 'The token is not of a person', []);
  }
}

/**
 * The parameter of a handler that receives the person who calls.
 *
 * @throws AccessError `insufficient_role` for a service that calls for itself
 */
export const CurrentPerson = (): ParameterDecorator => CurrentPrincipal(PersonPipe);
