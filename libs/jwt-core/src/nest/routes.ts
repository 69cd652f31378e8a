import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { type AccessRules, accessRulesOf } from './access-rules.js';
import {
  describeController,
  describeProvider,
  type Handler,
  type HandlerDescription,
  handlerFinder,
  isClass,
  isGateway,
  isResolverOrGateway,
  type Methods,
} from './handlers.js';

export type NestModule = NonNullable<ReturnType<ModulesContainer['get']>>;

/** A handler that Nest calls for others: of a route, a resolver, a gateway or a message. */
export interface Route extends Pick<HandlerDescription, 'kind' | 'isStream'> {
  /** The module that has the controller or provider. */
  readonly module: NestModule;
  readonly controller: Type;
  /** What Nest calls and passes to guards. */
  readonly handler: object;
  /** Whether `handler` is the decorated method itself, and not a replacement. */
  readonly isDecorated: boolean;
  /** For logs: `GET /orders/:id (OrdersController.find)`. */
  readonly label: string;
}

/**
 * All that callers reach of an application, but for routes added to Fastify or Express directly,
 * and for fields of GraphQL types, which are reached through a root field. Collected once: it reads
 * the metadata of each method of each provider.
 */
export class Routes {
  /** Those of controllers, gateways and classes with `@Resolver()`: known before Nest makes any. */
  readonly declared: readonly Route[];
  private collected: readonly Route[] | undefined;

  constructor(private readonly modules: ModulesContainer) {
    this.declared = routesOf(modules, isResolverOrGateway);
  }

  /**
   * For `onModuleInit` and later. Read earlier, it would lack what factories make, for good.
   */
  get all(): readonly Route[] {
    return (this.collected ??= routesOf(this.modules));
  }

  /**
   * The shortest `@Freshness()` of any route, in milliseconds, for the revocation list to keep.
   * `undefined` if no route has one.
   */
  strictestFreshnessMs(): number | undefined {
    const strictest = Math.min(...this.rules().map(({ freshnessMs }) => freshnessMs), Infinity);
    return strictest === Infinity ? undefined : strictest;
  }

  /** Every scope that a route demands, in alphabetical order. */
  demandedScopes(): string[] {
    return [...new Set(this.rules().flatMap(({ scopes }) => scopes))].sort();
  }

  private rules(): AccessRules[] {
    return this.all.flatMap(({ controller, handler }) => {
      try {
        return accessRulesOf(controller, handler);
      } catch {
        // Contradicting decorators: RouteProtection reports them with all other faults.
        return [];
      }
    });
  }
}

function routesOf(modules: ModulesContainer, isSearched = (_: Type) => true): Route[] {
  const built = builtInstances(modules);
  const ofControllers = handlerFinder(describeController);
  const ofProviders = handlerFinder((type) =>
    isSearched(type) ? describeProvider(type) : undefined,
  );
  const handled = [...modules.values()].flatMap((module) => [
    ...handlersOf(module, module.controllers.values(), ofControllers),
    ...handlersOf(module, ownProviders(module, built), ofProviders),
  ]);
  return [...handled, ...sendersOf(modules, handled)];
}

/** What Nest has made of classes among the providers. */
function builtInstances(modules: ModulesContainer): Set<unknown> {
  const wrappers = [...modules.values()].flatMap((module) => [...module.providers.values()]);
  return new Set(wrappers.filter((each) => !each.isNotMetatype).map(({ instance }) => instance));
}

/** Without other names, by `useExisting` or a factory, of what is a provider already. */
function ownProviders(module: NestModule, built: ReadonlySet<unknown>): Wrapper[] {
  return [...module.providers.values()].filter(
    ({ isAlias, isNotMetatype, instance }) => !isAlias && !(isNotMetatype && built.has(instance)),
  );
}

/** Gateways that take no messages, and only send: what counts there is who may connect. */
function sendersOf(modules: ModulesContainer, handled: readonly Route[]): Route[] {
  const receivers = new Set(
    handled.filter(({ kind }) => kind === 'ws').map(({ controller }) => controller),
  );
  return gatewaysOf(modules)
    .filter(({ type }) => !receivers.has(type))
    .map(({ module, type }) => ({
      kind: 'ws',
      module,
      controller: type,
      handler: type,
      isDecorated: true,
      isStream: false,
      label: `connections (${type.name})`,
    }));
}

/**
 * The classes among the providers that are WebSocket gateways, with the modules that they are in.
 */
export function gatewaysOf(modules: ModulesContainer) {
  return [...modules.values()].flatMap((module) =>
    [...module.providers.values()]
      .filter(({ metatype, isNotMetatype }) => !isNotMetatype && isGateway(metatype))
      .map((wrapper) => ({
        module,
        type: wrapper.metatype as Type,
        instance: wrapper.instance as object,
        wrapper,
      })),
  );
}

interface Wrapper {
  readonly metatype: unknown;
  readonly instance: unknown;
  /** Whether it is given by `useFactory` or `useValue`. */
  readonly isNotMetatype: boolean;
  /** Whether it is given by `useExisting`. */
  readonly isAlias: boolean;
}

/** The class of a provider, or of what its factory has made, which is not known at first. */
function classOf({ metatype, instance, isNotMetatype }: Wrapper): Type | undefined {
  if (!isNotMetatype) return isClass(metatype) ? metatype : undefined;
  if (typeof instance !== 'object' || instance === null) return undefined;
  const prototype = Object.getPrototypeOf(instance) as { constructor?: unknown } | null;
  return isClass(prototype?.constructor) ? prototype.constructor : undefined;
}

function handlersOf(
  module: NestModule,
  wrappers: Iterable<Wrapper>,
  handlersIn: (type: Type) => readonly Handler[],
): Route[] {
  return [...wrappers].flatMap((wrapper) => {
    const controller = classOf(wrapper);
    if (!controller) return [];
    return handlersIn(controller).flatMap(({ name, decorated, kind, isStream, address }) => {
      // Of providers that are no classes Nest takes resolvers, and not gateways.
      if (wrapper.isNotMetatype && kind === 'ws') return [];
      const handler = (wrapper.instance as Methods | undefined)?.[name] ?? decorated;
      const label = `${address} (${controller.name}.${name})`;
      const isDecorated = handler === decorated;
      return [{ kind, module, controller, handler, isDecorated, isStream, label }];
    });
  });
}
