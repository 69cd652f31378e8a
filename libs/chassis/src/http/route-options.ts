import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

/** How the server treats one route otherwise than all others. */
export interface RouteOptions {
  /** The largest body that is read, instead of 16 KiB. */
  readonly bodyLimitBytes?: number;
  /** Machines call it all the time: a call that succeeds is logged at level debug. */
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

/** Treats the handler's route otherwise than all others. */
export const RouteOptions = (options: RouteOptions): MethodDecorator => RouteConfig(options);

/** Lets the routes that are added from now on have their own body limit. */
export function obeyRouteOptions(server: FastifyInstance): void {
  server.addHook('onRoute', (route) => {
    const bodyLimit = route.config?.bodyLimitBytes;
    // Nest hands on a route's `config`, but not its `bodyLimit`.
    if (bodyLimit !== undefined) route.bodyLimit = bodyLimit;
  });
}
