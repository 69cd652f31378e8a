import type { Type } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  AcceptStale,
  FreshnessMs,
  OptionalAuth,
  Public,
  RequiredAcr,
  RequiredMaxAge,
  RequiredRoles,
  RequiredScopes,
} from './decorators.js';

/** What the decorators of a route and of its class ask for, taken together. */
export interface AccessRules {
  readonly isPublic: boolean;
  /** Whether callers without a token are let in, too. */
  readonly isOptional: boolean;
  /** All of these. */
  readonly scopes: readonly string[];
  /** One of these, unless there are none. */
  readonly roles: readonly string[];
  readonly maxAgeSeconds: number | undefined;
  readonly acrValues: readonly string[] | undefined;
  readonly acceptsStale: boolean;
  /** `Infinity` unless the route asks for more than the application. */
  readonly freshnessMs: number;
}

/** Whether a caller with a good token may still be refused. */
export function isDemanding(rules: AccessRules): boolean {
  const { scopes, roles, maxAgeSeconds, acrValues } = rules;
  return scopes.length > 0 || roles.length > 0 || (maxAgeSeconds ?? acrValues) !== undefined;
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
    isOptional: reflector.get(OptionalAuth, target),
    scopes: reflector.get(RequiredScopes, target),
    roles: reflector.get(RequiredRoles, target),
    maxAgeSeconds: reflector.get(RequiredMaxAge, target),
    acrValues: reflector.get(RequiredAcr, target),
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
  // The handler decides whether a token is needed, if it says so, and else its class.
  const opening = (onHandler.isPublic ?? onHandler.isOptional) ? onHandler : onClass;
  const isOptional = opening.isOptional ?? false;
  return {
    isPublic: opening.isPublic ?? false,
    isOptional,
    scopes: isOptional ? [] : (onHandler.scopes ?? onClass.scopes ?? []),
    roles: isOptional ? [] : (onHandler.roles ?? onClass.roles ?? []),
    maxAgeSeconds: isOptional ? undefined : (onHandler.maxAgeSeconds ?? onClass.maxAgeSeconds),
    acrValues: isOptional ? undefined : (onHandler.acrValues ?? onClass.acrValues),
    acceptsStale: staleness.acceptsStale ?? false,
    freshnessMs: staleness.freshnessMs ?? Infinity,
  };
}

function refuseContradiction(opened: Declared, declared: Declared): void {
  const { scopes, roles, maxAgeSeconds, acrValues, ...staleness } = declared;
  const isOfCallers = scopes ?? roles ?? maxAgeSeconds ?? acrValues;
  const isDemanding = isOfCallers ?? staleness.freshnessMs ?? staleness.acceptsStale;
  if (opened.isPublic && isDemanding) {
    throw new Error('@Public() contradicts the other decorators of its handler or class');
  }
  if (opened.isOptional && isOfCallers) {
    throw new Error('@OptionalAuth() contradicts @RequireScopes() and @RequireRoles()');
  }
  if (declared.isPublic && declared.isOptional) {
    throw new Error('@OptionalAuth() contradicts @Public()');
  }
  if (staleness.freshnessMs && staleness.acceptsStale) {
    throw new Error('@Freshness() contradicts @AcceptStale()');
  }
}
