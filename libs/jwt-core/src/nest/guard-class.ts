import type { CanActivate, Type } from '@nestjs/common';
import type { Guard } from './app-options.js';

/**
 * Whether a guard, a class or an instance, is of this class or of a derived one.
 */
export function isA(base: Type<CanActivate>): (guard: Guard) => boolean {
  return (guard) =>
    guard === base ||
    ((typeof guard === 'function' ? guard.prototype : guard) as unknown) instanceof base;
}
