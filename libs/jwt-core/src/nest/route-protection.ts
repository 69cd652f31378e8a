import { Logger, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { AccessGuard } from './access.guard.js';
import { type AccessRules, isDemanding, accessRulesOf } from './access-rules.js';
import { type AppOptions, type Guard, isA } from './app-options.js';
import { GuardLookup } from './guard-lookup.js';
import { JwtGuard } from './jwt.guard.js';
import { passportClasses } from './passport-classes.js';
import { isReference } from './handlers.js';
import type { Route, Routes } from './routes.js';

const UNPROTECTED = 'has neither JwtGuard nor @Public()';
const BEYOND_GUARDS =
  'is reached by _entities, where Nest calls no guards: let only the router of the graph call this ' +
  'service, and say so by @Public()';

/**
 * Forgotten guards (threat:forgotten-guards): checks every route before the application serves any.
 * A route without protection, or with decorators that nothing enforces, stops the start.
 */
export class RouteProtection implements OnModuleInit {
  private readonly logger = new Logger('JwtGuard');

  constructor(
    private readonly routes: Routes,
    private readonly modules: ModulesContainer,
    private readonly guards: GuardLookup,
    private readonly adapterHost: HttpAdapterHost,
    private readonly options: AppOptions,
  ) {}

  /** @throws Error with a list of all routes that are not protected as declared */
  onModuleInit(): void {
    const faults: string[] = [];
    const unprotected: string[] = [];
    const hasHttpServer = Boolean(this.adapterHost.httpAdapter);
    for (const route of this.routes.all) {
      // Without an HTTP server messages can still arrive, and sockets at a port of their own.
      if (!hasHttpServer && route.kind !== 'rpc' && route.kind !== 'ws') continue;
      const fault = this.faultOf(route);
      if (fault === undefined) continue;
      const isTolerated = fault === UNPROTECTED && this.options.unprotectedRoutes === 'warn';
      const hint = fault.startsWith(UNPROTECTED) ? this.guards.hintFor(route) : '';
      (isTolerated ? unprotected : faults).push(`  ${route.label} ${fault}${hint}`);
    }
    if (unprotected.length > 0) {
      this.logger.warn(`These routes are open to anybody:\n${unprotected.join('\n')}`);
    }
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
    if (!rules.isPublic && isReference(route.handler)) return BEYOND_GUARDS;
    const guards = this.guards.calledFor(route);
    if (rules.isPublic || guards.some((guard) => this.guards.isOurs(guard))) return undefined;
    // A gateway that only sends: Nest calls no guards for connections.
    if (route.handler === route.controller) return faultOfNoGuard(rules);
    return this.faultOfOthers(rules, guards);
  }

  /** Where other guards than ours protect a route. */
  private faultOfOthers(rules: AccessRules, guards: Guard[]): string | undefined {
    const { authGuard } = passportClasses;
    const passport = authGuard ? guards.findIndex(isA(authGuard)) : -1;
    if (passport >= 0) {
      return this.hasJwtStrategy()
        ? faultBehind("AuthGuard('jwt')", rules, guards.slice(passport + 1))
        : "has AuthGuard('jwt'), but no module provides JwtStrategy";
    }
    const other = guards.findIndex((guard) => this.isAmongOthers(guard));
    if (other < 0) return faultOfNoGuard(rules);
    const guard = guards[other]!;
    const type = typeof guard === 'function' ? guard : guard.constructor;
    return callsJwtGuard(type) ? undefined : faultBehind(type.name, rules, guards.slice(other + 1));
  }

  private isAmongOthers(guard: Guard): boolean {
    return (this.options.guards ?? []).some((other) =>
      typeof other === 'function' ? isA(other)(guard) : other === guard,
    );
  }

  private hasJwtStrategy(): boolean {
    const { strategy } = passportClasses;
    return [...this.modules.values()].some((module) =>
      [...module.providers.values()].some(
        ({ instance }) => strategy && instance instanceof strategy,
      ),
    );
  }
}

/** Whether it has `JwtGuard` injected, which then enforces the decorators. */
function callsJwtGuard(type: object): boolean {
  const dependencies: unknown = Reflect.getMetadata('design:paramtypes', type);
  return Array.isArray(dependencies) && dependencies.some((each) => isA(JwtGuard)(each as Guard));
}

/** Whether it has decorators that only `JwtGuard` heeds. */
function needsJwtGuard({ isOptional, acceptsStale, freshnessMs }: AccessRules): boolean {
  return isOptional || acceptsStale || freshnessMs < Infinity;
}

function faultOfNoGuard(rules: AccessRules): string {
  return isDemanding(rules) || needsJwtGuard(rules)
    ? `${UNPROTECTED}, so nothing enforces its decorators`
    : UNPROTECTED;
}

/** Where a guard authenticates callers that knows nothing of the decorators. */
function faultBehind(name: string, rules: AccessRules, after: Guard[]): string | undefined {
  if (needsJwtGuard(rules)) {
    return `has ${name}, which cannot heed @OptionalAuth(), @Freshness() or @AcceptStale(): use JwtGuard`;
  }
  return isDemanding(rules) && !after.some(isA(AccessGuard))
    ? `has ${name}, which knows no scopes or roles: add AccessGuard after it`
    : undefined;
}
