import { type CanActivate, Logger, type OnModuleInit } from '@nestjs/common';
import { GUARDS_METADATA } from '@nestjs/common/constants.js';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { AccessGuard } from './access.guard.js';
import { type AccessRules, isDemanding, accessRulesOf } from './access-rules.js';
import { type AppOptions, type Guard, isA } from './app-options.js';
import { JwtGuard } from './jwt.guard.js';
import { passportClasses } from './passport-classes.js';
import { isReference, type Route, routesOf } from './routes.js';

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
    private readonly modules: ModulesContainer,
    private readonly application: ApplicationConfig,
    private readonly adapterHost: HttpAdapterHost,
    private readonly options: AppOptions,
    /** What the application has in its place: tests override it. */
    private readonly jwtGuard: CanActivate,
  ) {}

  /** @throws Error with a list of all routes that are not protected as declared */
  onModuleInit(): void {
    const faults: string[] = [];
    const unprotected: string[] = [];
    const hasHttpServer = Boolean(this.adapterHost.httpAdapter);
    for (const route of routesOf(this.modules)) {
      // Without an HTTP server messages can still arrive, and sockets at a port of their own.
      if (!hasHttpServer && route.kind !== 'rpc' && route.kind !== 'ws') continue;
      const fault = this.faultOf(route);
      if (fault === undefined) continue;
      const isTolerated = fault === UNPROTECTED && this.options.unprotectedRoutes === 'warn';
      (isTolerated ? unprotected : faults).push(`  ${route.label} ${fault}`);
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
    const guards = this.guardsOf(route);
    const isOurs = isA(JwtGuard);
    if (rules.isPublic || guards.some((guard) => isOurs(guard) || guard === this.jwtGuard)) {
      return undefined;
    }
    const { authGuard } = passportClasses;
    const passport = authGuard ? guards.findIndex(isA(authGuard)) : -1;
    if (passport >= 0) return this.faultOfPassport(rules, guards.slice(passport));
    const other = guards.findIndex((guard) => this.isAmongOthers(guard));
    if (other >= 0) return faultOfOther(rules, guards.slice(other));
    const { freshnessMs, acceptsStale, isOptional } = rules;
    return isDemanding(rules) || freshnessMs < Infinity || acceptsStale || isOptional
      ? `${UNPROTECTED}, so nothing enforces its decorators`
      : UNPROTECTED;
  }

  private isAmongOthers(guard: Guard): boolean {
    return (this.options.guards ?? []).some((other) =>
      typeof other === 'function' ? isA(other)(guard) : other === guard,
    );
  }

  private faultOfPassport(rules: AccessRules, guardsAfter: Guard[]): string | undefined {
    if (!this.hasJwtStrategy()) return "has AuthGuard('jwt'), but no module provides JwtStrategy";
    if (rules.isOptional) return "has AuthGuard('jwt'), which cannot heed @OptionalAuth()";
    if (rules.acceptsStale || rules.freshnessMs < Infinity) {
      return "has AuthGuard('jwt'), which cannot heed @Freshness() or @AcceptStale(): use JwtGuard";
    }
    return isDemanding(rules) && !guardsAfter.some(isA(AccessGuard))
      ? "has AuthGuard('jwt'), which knows no scopes or roles: add AccessGuard after it"
      : undefined;
  }

  /** In the order in which Nest calls them. */
  private guardsOf({ kind, controller, handler }: Route): Guard[] {
    const scoped = this.application
      .getGlobalRequestGuards()
      .map(({ metatype }) => metatype as Guard);
    const declared = [controller, handler].flatMap(
      (target) => (Reflect.getMetadata(GUARDS_METADATA, target) ?? []) as Guard[],
    );
    // Without inheritAppConfig, which nothing here can see, global guards do not reach messages of an
    // application that has an HTTP server, too.
    if (kind === 'rpc' && this.adapterHost.httpAdapter) return declared;
    return [...this.application.getGlobalGuards(), ...scoped, ...declared];
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

/** Of a guard that `guards` lists, and those after it. */
function faultOfOther(rules: AccessRules, [guard, ...after]: Guard[]): string | undefined {
  const injected = typeof guard === 'function' ? guard : guard?.constructor;
  const dependencies: unknown = Reflect.getMetadata('design:paramtypes', injected ?? {});
  if (Array.isArray(dependencies) && dependencies.some((type) => isA(JwtGuard)(type as Guard))) {
    return undefined;
  }
  const name = injected?.name ?? 'a guard';
  if (rules.isOptional || rules.acceptsStale || rules.freshnessMs < Infinity) {
    return `has ${name}, which cannot heed @OptionalAuth(), @Freshness() or @AcceptStale(): use JwtGuard`;
  }
  return isDemanding(rules) && !after.some(isA(AccessGuard))
    ? `has ${name}, which knows no scopes or roles: add AccessGuard after it`
    : undefined;
}
