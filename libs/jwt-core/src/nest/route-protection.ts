import { type CanActivate, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { GUARDS_METADATA } from '@nestjs/common/constants.js';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { AccessGuard } from './access.guard.js';
import { type AccessRules, accessRulesOf } from './access-rules.js';
import { JwtGuard } from './jwt.guard.js';
import { JwtStrategy } from './jwt.strategy.js';
import { type Route, routesOf } from './routes.js';

type Guard = Type<CanActivate> | CanActivate;

/**
 * Forgotten guards (threat:forgotten-guards): checks every route before the application serves any.
 * A route without protection, or with decorators that nothing enforces, stops the start.
 */
@Injectable()
export class RouteProtection implements OnModuleInit {
  constructor(
    private readonly modules: ModulesContainer,
    private readonly application: ApplicationConfig,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  /** @throws Error with a list of all routes that are not protected as declared */
  onModuleInit(): void {
    // Without an HTTP server no route can be called, and main.ts has set no global guards.
    if (!this.adapterHost.httpAdapter) return;
    const faults = routesOf(this.modules).flatMap((route) => {
      const fault = this.faultOf(route);
      return fault === undefined ? [] : `  ${route.label} ${fault}`;
    });
    if (faults.length === 0) return;
    throw new Error(
      `The application does not start. Its routes are not protected as they must be:\n${faults.join('\n')}`,
    );
  }

  private faultOf(route: Route): string | undefined {
    if (!route.isDecorated) return 'was replaced on its instance, out of reach of its decorators';
    let rules: AccessRules;
    try {
      rules = accessRulesOf(route.controller, route.handler);
    } catch (error) {
      return (error as Error).message;
    }
    const guards = this.guardsOf(route);
    if (rules.isPublic || guards.some(isA(JwtGuard))) return undefined;
    const passport = guards.findIndex(isA(AuthGuard('jwt')));
    if (passport < 0) return 'has neither JwtGuard nor @Public()';
    return this.faultOfPassport(rules, guards.slice(passport));
  }

  private faultOfPassport(rules: AccessRules, guardsAfter: Guard[]): string | undefined {
    if (!this.hasJwtStrategy()) return "has AuthGuard('jwt'), but no module provides JwtStrategy";
    if (rules.acceptsStale || rules.freshnessMs < Infinity) {
      return "has AuthGuard('jwt'), which cannot heed @Freshness() or @AcceptStale(): use JwtGuard";
    }
    const isDemanding = rules.scopes.length > 0 || rules.roles.length > 0;
    return isDemanding && !guardsAfter.some(isA(AccessGuard))
      ? "has AuthGuard('jwt'), which knows no scopes or roles: add AccessGuard after it"
      : undefined;
  }

  /** In the order in which Nest calls them. */
  private guardsOf({ controller, handler }: Route): Guard[] {
    const scoped = this.application
      .getGlobalRequestGuards()
      .map(({ metatype }) => metatype as Guard);
    const declared = [controller, handler].flatMap(
      (target) => (Reflect.getMetadata(GUARDS_METADATA, target) ?? []) as Guard[],
    );
    return [...this.application.getGlobalGuards(), ...scoped, ...declared];
  }

  private hasJwtStrategy(): boolean {
    return [...this.modules.values()].some((module) =>
      [...module.providers.values()].some(({ instance }) => instance instanceof JwtStrategy),
    );
  }
}

/**
 * Whether a guard, a class or an instance, is of this class or of a derived one.
 */
function isA(base: Type<CanActivate>): (guard: Guard) => boolean {
  return (guard) =>
    guard === base || (typeof guard === 'function' ? guard.prototype : guard) instanceof base;
}
