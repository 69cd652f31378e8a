import { Reflector } from '@nestjs/core';

/**
 * Opens a route to callers without a token. Every other route is closed.
 *
 * On a handler it opens that handler, whatever its class demands; on a class all its handlers.
 */
export const Public = Reflector.createDecorator<void, true>({ transform: () => true });
