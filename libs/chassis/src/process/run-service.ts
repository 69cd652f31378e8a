import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AddressInfo } from 'node:net';

import { StructuredLogger } from '../logging/structured-logger.js';
import { urlHost } from '../settings/addresses.js';
import type { ServiceConfig } from '../settings/service-settings.js';
import type { Tracing } from '../tracing/sdk.js';
import { startTracing } from '../tracing/start-tracing.js';
import { logProcessWarnings, reportFailedStart } from './run-program.js';
import { ServiceServer } from '../http/service-server.js';
import { exitOnCrash, stopOnSignals, type Stoppable } from './shutdown.js';
import { StartProgress } from '../readiness/start-progress.js';

interface ListenError {
  readonly code?: string;
  readonly address?: string;
  readonly port?: number;
}

export interface Service<Config extends ServiceConfig> {
  /** In every log line. */
  readonly name: string;
  /** What it starts without, by the names of its readiness: `database`, `keys`. */
  readonly needs: readonly string[];
  /** @throws SettingsError */
  readConfig(): Config;
  /** @param server for `createHttpApp`: it listens already */
  createApp(
    config: Config,
    logger: StructuredLogger,
    server: ServiceServer,
  ): Promise<NestFastifyApplication>;
}

/**
 * Runs a service from start to end: reads the settings, listens, starts the app, and exits with 0
 * after SIGTERM or SIGINT. While the app starts, `/health/live` is 200 and `/health/ready` is 503.
 * Wrong settings, a failed start and a crash are logged, and it exits with 1.
 */
export async function runService<Config extends ServiceConfig>(
  service: Service<Config>,
): Promise<void> {
  const config = readConfig(service);
  const name = config.tracing?.serviceName ?? service.name;
  const logger = new StructuredLogger({ name, level: config.logLevel });
  for (const warning of config.warnings) logger.warn(warning);
  const server = new ServiceServer({
    logger,
    trustProxy: config.trustProxy,
    basePath: config.basePath,
    cors: config.cors,
    progress: new StartProgress(service.needs),
  });
  let app: NestFastifyApplication | undefined;
  let tracing: Tracing | undefined;
  exitOnCrash(logger);
  logProcessWarnings(logger);
  const running: Stoppable = {
    isServing: () => app !== undefined,
    drain: () => server.drain(),
    close: async () => {
      // Before Nest's hooks, so that no new connection arrives while they run.
      await server.stopAccepting();
      await app?.close();
      await server.close();
      await tracing?.stop();
    },
    closeNow: () => server.http.closeAllConnections(),
  };
  stopOnSignals(logger, running, config.shutdownDelayMs);
  try {
    await server.listen({ host: config.host, port: config.port });
    const { address, port } = server.http.address() as AddressInfo;
    logger.log('Listening', { 'server.address': address, 'server.port': port });
    const program = { name: service.name, build: config.build };
    tracing = await startTracing(config.tracing, program, logger);
    const created = await service.createApp(config, logger, server);
    await created.init();
    await created.getHttpAdapter().getInstance().ready();
    app = created;
    server.open();
    logger.log('Serving requests');
  } catch (error) {
    logger.fatal(whyNotStarted(error, config), error);
    process.exit(1);
  }
}

function readConfig<Config extends ServiceConfig>(service: Service<Config>): Config {
  try {
    return service.readConfig();
  } catch (error) {
    reportFailedStart(service.name, `${service.name} does not start`, error);
    process.exit();
  }
}

/** The error may be from `listen`: on the port of the service, or on the one of its metrics. */
function whyNotStarted(error: unknown, { host, port }: ServiceConfig): string {
  const failed = error instanceof Error ? (error as ListenError) : {};
  const address = urlHost({ host: failed.address ?? host, port: failed.port ?? port });
  if (failed.code === 'EADDRINUSE') return `Not started: ${address} is taken by another process`;
  if (failed.code === 'EACCES') return `Not started: ${address} may not be used by this user`;
  return 'Not started';
}
