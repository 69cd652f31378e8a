import { Reflector } from '@nestjs/core';
import { SCOPE } from '../verifier/scope.js';
import { declaredOnce, type RouteDecorator } from './declared-once.js';

/** The metadata behind `@RequireScopes()`. */
export const RequiredScopes = Reflector.createDecorator<readonly string[]>();

/**
 * Demands that the token carries every one of these scopes. On a handler it replaces what its class
 * demands.
 *
 * @throws TypeError for no scope at all, one with a space in it, or a second `@RequireScopes()`.
 */
export function RequireScopes(...scopes: [string, ...string[]]): RouteDecorator {
  const malformed = scopes.find((scope) => !SCOPE.test(scope));
  if (malformed !== undefined || scopes.length === 0) {
    throw new TypeError(
      `@RequireScopes() takes scopes, one an argument, not "${malformed ?? ''}".`,
    );
  }
  return declaredOnce('RequireScopes', RequiredScopes.KEY, RequiredScopes(scopes));
}
