import type { Type } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AcceptStale, FreshnessMs, Public, RequiredRoles, RequiredScopes } from './decorators.js';

/** What the decorators of a route and of its class ask for, taken together. */
export interface AccessRules {
  readonly isPublic: boolean;
  /** All of these. */
  readonly scopes: readonly string[];
  /** One of these, unless there are none. */
  readonly roles: readonly string[];
  readonly acceptsStale: boolean;
  /** `Infinity` unless the route asks for more than the application. */
  readonly freshnessMs: number;
}

const compiled = new WeakMap<object, WeakMap<object, AccessRules>>();

/**
 * The rules of a handler in its class, compiled once: each decorator of the handler, or else that
 * of the class. Classes that inherit one handler may have different rules.
 *
 * @throws Error for decorators that contradict each other.
 */
export function accessRulesOf(controller: object, handler: object): AccessRules {
  const known = compiled.get(controller)?.get(handler);
  if (known) return known;
  const rules = compile(declaredOn(controller), declaredOn(handler));
  const ofClass = compiled.get(controller) ?? new WeakMap<object, AccessRules>();
  compiled.set(controller, ofClass.set(handler, rules));
  return rules;
}

type Declared = ReturnType<typeof declaredOn>;

const reflector = new Reflector();

function declaredOn(subject: object) {
  const target = subject as Type;
  return {
    isPublic: reflector.get(Public, target),
    scopes: reflector.get(RequiredScopes, target),
    roles: reflector.get(RequiredRoles, target),
    freshnessMs: reflector.get(FreshnessMs, target),
    acceptsStale: reflector.get(AcceptStale, target),
  };
}

function compile(onClass: Declared, onHandler: Declared): AccessRules {
  refuseContradiction(onHandler, onHandler);
  refuseContradiction(onClass, onClass);
  // A handler may open what its class closes. A demand under an open class is more likely a
  // mistake, and either reading would surprise someone.
  refuseContradiction(onClass, onHandler);
  const staleness = (onHandler.freshnessMs ?? onHandler.acceptsStale) ? onHandler : onClass;
  return {
    isPublic: onHandler.isPublic ?? onClass.isPublic ?? false,
    scopes: onHandler.scopes ?? onClass.scopes ?? [],
    roles: onHandler.roles ?? onClass.roles ?? [],
    acceptsStale: staleness.acceptsStale ?? false,
    freshnessMs: staleness.freshnessMs ?? Infinity,
  };
}

function refuseContradiction(opened: Declared, { scopes, roles, ...staleness }: Declared): void {
  const isDemanding = scopes ?? roles ?? staleness.freshnessMs ?? staleness.acceptsStale;
  if (opened.isPublic && isDemanding) {
    throw new Error('@Public() contradicts what else is asked of its callers');
  }
  if (staleness.freshnessMs && staleness.acceptsStale) {
    throw new Error('@Freshness() contradicts @AcceptStale()');
  }
}
