import type { ModulesContainer } from '@nestjs/core';
import { accessRulesOf } from './access-rules.js';
import { routesOf } from './routes.js';

/**
 * The shortest `@Freshness()` of any route, in milliseconds: what the revocation list has to keep
 * up with. `undefined` when no route asks for more than the application.
 */
export function strictestFreshnessMs(modules: ModulesContainer): number | undefined {
  const limits = routesOf(modules).map(({ controller, handler }) => {
    try {
      return accessRulesOf(controller, handler).freshnessMs;
    } catch {
      // Decorators that contradict each other: the start is refused for them, with all others.
      return Infinity;
    }
  });
  const strictest = Math.min(...limits, Infinity);
  return strictest === Infinity ? undefined : strictest;
}
