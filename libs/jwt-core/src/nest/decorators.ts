import 'reflect-metadata';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Principal } from '../verifier/claims.js';
import { SCOPE } from '../verifier/claim-values.js';
import { carrierOf } from './calls.js';
import { principalOf } from './credentials.js';

/**
 * Opens a route to callers without a token. Every other route is closed.
 *
 * On a handler it opens that handler, even if its class demands something; on a class, all its
 * handlers.
 */
export const Public = Reflector.createDecorator<void, true>({ transform: () => true });

/**
 * Takes callers with and without a token. A valid token makes a principal; without one,
 * `@CurrentPrincipal()` is `undefined`. A bad token is refused as anywhere else, so that a client
 * can see that its session is over. On a handler it also drops the scopes and roles that its class
 * demands.
 */
export const OptionalAuth = Reflector.createDecorator<void, true>({ transform: () => true });

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

/** A whole number of seconds, minutes, hours or days: `30s`, `5m`. */
export type LoginAge = `${bigint}${'s' | 'm' | 'h' | 'd'}`;

/** The metadata behind `@RequireRecentLogin()`, in seconds. */
export const RequiredMaxAge = Reflector.createDecorator<number>();

/**
 * Demands that the user logged in, or stepped up, at most so long ago (`auth_time`, RFC 9470).
 * Another caller gets 401 `insufficient_user_authentication` with `max_age` in the challenge. On a
 * handler it replaces what its class demands.
 *
 * @throws TypeError for anything but a duration, or a second `@RequireRecentLogin()`.
 */
export function RequireRecentLogin(age: LoginAge): RouteDecorator {
  const seconds = durationMs(age, 's|m|h|d') / 1000;
  if (!(seconds > 0))
    throw new TypeError(`@RequireRecentLogin() takes a duration like "5m", not "${age}".`);
  return declaredOnce('RequireRecentLogin', RequiredMaxAge.KEY, RequiredMaxAge(seconds));
}

/** The metadata behind `@RequireAcr()`. */
export const RequiredAcr = Reflector.createDecorator<readonly string[]>();

/**
 * Demands that the `acr` of the token is one of these: `@RequireAcr('mfa')` for a second factor.
 * Another caller gets 401 `insufficient_user_authentication` with `acr_values` in the challenge
 * (RFC 9470).
 *
 * @throws TypeError for no value, one that does not fit into the challenge, or a second
 *   `@RequireAcr()`.
 */
export function RequireAcr(...values: [string, ...string[]]): RouteDecorator {
  if (values.length === 0 || values.some((value) => !SCOPE.test(value))) {
    throw new TypeError('@RequireAcr() takes values of acr without spaces, one an argument.');
  }
  return declaredOnce('RequireAcr', RequiredAcr.KEY, RequiredAcr(values));
}

/** A whole number of milliseconds, seconds or minutes: `500ms`, `2s`, `1m`. */
export type FreshnessLimit = `${bigint}${'ms' | 's' | 'm'}`;

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `NaN` for any other text. */
function durationMs(text: string, units: string): number {
  const [, count, unit = ''] = new RegExp(`^([1-9]\\d{0,6})(${units})$`).exec(text) ?? [];
  return Number(count) * (UNIT_MS[unit] ?? NaN);
}

/** The metadata behind `@Freshness()`, in milliseconds. */
export const FreshnessMs = Reflector.createDecorator<number>();

/**
 * Demands a revocation list no older than this: a token that was revoked longer ago than `limit` is
 * never let in. A limit above the application's own changes nothing.
 *
 * @throws TypeError for anything but a duration from `100ms` up (no list over a network is kept
 * fresher), or a second `@Freshness()`.
 */
export function Freshness(limit: FreshnessLimit): RouteDecorator {
  const limitMs = durationMs(limit, 'ms|s|m');
  if (!(limitMs >= 100))
    throw new TypeError(`@Freshness() takes a duration like "2s", not "${limit}".`);
  return declaredOnce('Freshness', FreshnessMs.KEY, FreshnessMs(limitMs));
}

/**
 * Chooses availability for a route: it accepts a revocation list that is too old, but not one that
 * was never read. A token known to be revoked is still refused.
 */
export const AcceptStale = Reflector.createDecorator<void, true>({ transform: () => true });

/**
 * The parameter of a handler that receives the caller: `@CurrentPrincipal() caller: Principal`, or
 * `caller?: Principal` under `@OptionalAuth()`.
 */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext) =>
  currentPrincipal(context),
);

const reflector = new Reflector();

/** @throws Error on a route that takes callers without a token, unless it is `@OptionalAuth()` */
function currentPrincipal(context: ExecutionContext): Principal | undefined {
  const principal = principalOf(carrierOf(context));
  if (principal) return principal;
  const targets = [context.getHandler(), context.getClass()];
  if (reflector.getAllAndOverride(OptionalAuth, targets)) return undefined;
  const handler = `${context.getClass().name}.${context.getHandler().name}`;
  throw new Error(
    `${handler} takes @CurrentPrincipal(), but its callers are anonymous: the route is @Public(), ` +
      'or no JwtGuard ran before it.',
  );
}

/** A decorator for a handler or for its class. */
export type RouteDecorator = MethodDecorator & ClassDecorator;

/**
 * `decorator`, but an error if it is applied twice: the upper one would silently replace the lower
 * one, whose demands would not be enforced.
 */
function declaredOnce(name: string, key: string, decorator: RouteDecorator): RouteDecorator {
  return (target: object, property?: string | symbol, descriptor?: PropertyDescriptor) => {
    const subject = (descriptor ? descriptor.value : target) as object & { name?: string };
    if (Reflect.hasOwnMetadata(key, subject)) {
      throw new TypeError(`@${name}() is used twice on ${subject.name}: combine them in one.`);
    }
    Reflect.apply(decorator, undefined, [target, property, descriptor]);
  };
}
