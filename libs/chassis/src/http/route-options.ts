import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

/** Exceptions for one route. */
export interface RouteOptions {
  /** The largest body that is read, instead of 16 KiB. */
  readonly bodyLimitBytes?: number;
  /** Machines call it all the time: its successes are logged at level debug. */
  readonly isRoutine?: boolean;
  /** Its query may be anything, and is only compared. */
  readonly takesAnyQuery?: boolean;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly bodyLimitBytes?: RouteOptions['bodyLimitBytes'];
    readonly isRoutine?: RouteOptions['isRoutine'];
    readonly takesAnyQuery?: RouteOptions['takesAnyQuery'];
  }
}

/** Makes exceptions for the handler's route. */
export const RouteOptions = (options: RouteOptions): MethodDecorator => RouteConfig(options);

/** Applies the body limits of the routes that are added from now on. */
export function obeyRouteOptions(server: FastifyInstance): void {
  server.addHook('onRoute', (route) => {
    const bodyLimit = route.config?.bodyLimitBytes;
    // Nest passes a route's `config` to Fastify, but not its `bodyLimit`.
    if (bodyLimit !== undefined) route.bodyLimit = bodyLimit;
  });
}
