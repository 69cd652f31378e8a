import { Reflector } from '@nestjs/core';
import { declaredOnce, type RouteDecorator } from './declared-once.js';

/** The metadata behind `@RequireRoles()`. */
export const RequiredRoles = Reflector.createDecorator<readonly string[]>();

/**
 * Demands that the caller has at least one of these roles. On a handler it replaces what its class
 * demands.
 *
 * @throws TypeError for no role at all, an empty one, or a second `@RequireRoles()`.
 */
export function RequireRoles(...roles: [string, ...string[]]): RouteDecorator {
  if (roles.length === 0 || roles.some((role) => typeof role !== 'string' || role === '')) {
    throw new TypeError('@RequireRoles() takes names of roles, one an argument.');
  }
  return declaredOnce('RequireRoles', RequiredRoles.KEY, RequiredRoles(roles));
}
