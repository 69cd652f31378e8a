import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { type AccessRules, accessRulesOf } from './access-rules.js';

/** A handler that Nest's router serves, in the class that serves it. */
export interface Route {
  readonly controller: Type;
  /** What Nest calls and passes to guards. */
  readonly handler: object;
  /** Whether `handler` is the decorated method itself, and not a replacement. */
  readonly isDecorated: boolean;
  /** For logs: `GET /orders/:id (OrdersController.find)`. */
  readonly label: string;
}

/** All HTTP routes of an application, but for those added to Fastify or Express directly. */
export function routesOf(modules: ModulesContainer): Route[] {
  const controllers = [...modules.values()].flatMap((module) => [...module.controllers.values()]);
  return controllers.flatMap(({ metatype, instance }) =>
    routesOfController(metatype as Type, instance as Handlers | undefined),
  );
}

type Handlers = Record<string, object>;

function routesOfController(controller: Type, instance: Handlers | undefined): Route[] {
  const prototype = controller.prototype as Handlers;
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((name) => {
    const decorated = prototype[name] as object;
    const paths = pathsOf(decorated);
    if (paths.length === 0) return [];
    const handler = instance?.[name] ?? decorated;
    const addresses = pathsOf(controller).flatMap((base) => paths.map((path) => join(base, path)));
    const method = RequestMethod[Reflect.getMetadata(METHOD_METADATA, decorated) as number];
    const label = `${method} ${addresses.join(', ')} (${controller.name}.${name})`;
    return { controller, handler, isDecorated: handler === decorated, label };
  });
}

function pathsOf(target: object): string[] {
  return [(Reflect.getMetadata(PATH_METADATA, target) ?? []) as string | string[]].flat();
}

function join(...paths: string[]): string {
  return `/${paths
    .flatMap((path) => path.split('/'))
    .filter(Boolean)
    .join('/')}`;
}

/**
 * The shortest `@Freshness()` of any route, in milliseconds, for the revocation list to keep.
 * `undefined` if no route has one.
 */
export function strictestFreshnessMs(modules: ModulesContainer): number | undefined {
  const strictest = Math.min(...rulesOf(modules).map(({ freshnessMs }) => freshnessMs), Infinity);
  return strictest === Infinity ? undefined : strictest;
}

/** Every scope that a route demands, in alphabetical order. */
export function demandedScopes(modules: ModulesContainer): string[] {
  return [...new Set(rulesOf(modules).flatMap(({ scopes }) => scopes))].sort();
}

function rulesOf(modules: ModulesContainer): AccessRules[] {
  return routesOf(modules).flatMap(({ controller, handler }) => {
    try {
      return accessRulesOf(controller, handler);
    } catch {
      // Contradicting decorators: RouteProtection reports them with all other faults.
      return [];
    }
  });
}
