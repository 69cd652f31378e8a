import type { CanActivate } from '@nestjs/common';
import { GUARDS_METADATA } from '@nestjs/common/constants.js';
import {
  type ApplicationConfig,
  ExternalContextCreator,
  type HttpAdapterHost,
  type ModulesContainer,
} from '@nestjs/core';
import { type Guard, isA } from './app-options.js';
import { JwtGuard } from './jwt.guard.js';
import type { NestModule, Route } from './routes.js';

type Guarded = Pick<Route, 'kind' | 'module' | 'controller' | 'handler'>;

/** Which guards Nest calls, and which it leaves out without a word. */
export class GuardLookup {
  constructor(
    private readonly modules: ModulesContainer,
    private readonly application: ApplicationConfig,
    private readonly adapterHost: HttpAdapterHost,
    /** What the application has in its place: tests override it. */
    private readonly jwtGuard: CanActivate,
    private readonly globalGuardsReachSockets: boolean,
  ) {}

  isOurs(guard: Guard): boolean {
    return isA(JwtGuard)(guard) || guard === this.jwtGuard;
  }

  /** In the order in which Nest calls them. */
  calledFor(route: Guarded): Guard[] {
    const declared = guardsOn(route).filter((guard) => this.isFound(guard, route));
    return this.reachedByGlobal(route) ? [...this.globalGuards(), ...declared] : declared;
  }

  /** The `JwtGuard` that judges connections to a gateway. Nest itself calls no guard for them. */
  ofConnections(module: NestModule, gateway: Route['controller']): CanActivate | undefined {
    const route = { kind: 'ws', module, controller: gateway, handler: gateway } as const;
    const guard = this.calledFor(route).findLast((each) => this.isOurs(each));
    if (typeof guard !== 'function') return guard;
    // Without a place there, it is a global one that Nest makes for each request.
    return (module.injectables.get(guard)?.instance ?? this.jwtGuard) as CanActivate;
  }

  /** Why Nest does not call a guard that seems to be there. */
  hintFor(route: Guarded): string {
    if (guardsOn(route).some((guard) => !this.isFound(guard, route))) {
      return (
        ': Nest does not call the guards in its @UseGuards(), as its class is not itself in the ' +
        'providers of its module, but given by useFactory, useValue or useClass'
      );
    }
    const isLeftOut = !this.reachedByGlobal(route) && this.globalGuards().length > 0;
    return isLeftOut ? ': global guards do not reach it, so it needs @UseGuards(JwtGuard)' : '';
  }

  private globalGuards(): Guard[] {
    const scoped = this.application.getGlobalRequestGuards();
    return [
      ...this.application.getGlobalGuards(),
      ...scoped.map(({ metatype }) => metatype as Guard),
    ];
  }

  private reachedByGlobal({ kind, controller, handler }: Guarded): boolean {
    // Without inheritAppConfig, which nothing here can see, they do not reach messages of an
    // application that has an HTTP server, too.
    if (kind === 'rpc') return !this.adapterHost.httpAdapter;
    // For connections it is we who call them.
    return kind !== 'ws' || handler === controller || this.globalGuardsReachSockets;
  }

  /** Nest finds the class of a guard in the module that it has scanned for `@UseGuards()`. */
  private isFound(guard: Guard, { kind, module, controller }: Guarded): boolean {
    if (typeof guard !== 'function') return true;
    const host = kind === 'graphql' ? this.hostOfResolver(module, controller) : module;
    return host?.injectables.has(guard) ?? false;
  }

  /** Older versions of Nest look for the module of a resolver by its class alone. */
  private hostOfResolver(module: NestModule, type: Route['controller']): NestModule | undefined {
    if ('getHostModuleKey' in ExternalContextCreator.prototype) return module;
    return [...this.modules.values()].find(({ providers }) => providers.has(type));
  }
}

function guardsOn({ controller, handler }: Guarded): Guard[] {
  return [controller, handler].flatMap(
    (target) => (Reflect.getMetadata(GUARDS_METADATA, target) ?? []) as Guard[],
  );
}

/** Whether global guards are called for messages of sockets: not before Nest 12. */
export async function globalGuardsReachSockets(): Promise<boolean> {
  const { SocketModule } = await import('@nestjs/websockets/socket-module.js');
  const { getContextCreator: create } = SocketModule.prototype as unknown as {
    getContextCreator?: (this: void, container: unknown, application: unknown) => unknown;
  };
  // Its second parameter is what has the global guards.
  return (create?.length ?? 0) > 1;
}
