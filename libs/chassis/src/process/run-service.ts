import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AddressInfo } from 'node:net';

import { StructuredLogger, type LogLevel } from '../logging/structured-logger.js';
import { hostAndPort, type TrustProxy } from '../settings/addresses.js';
import { SettingsError } from '../settings/parse-settings.js';
import { exitOnCrash, stopOnSignals, type Stoppable } from './shutdown.js';

/** The settings that every service has. */
export interface ServiceConfig {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly logLevel: LogLevel;
  readonly trustProxy: TrustProxy;
  /** What the settings have that is ignored. Logged at the start. */
  readonly warnings: readonly string[];
}

interface ListenError {
  readonly code?: string;
  readonly address?: string;
  readonly port?: number;
}

export interface Service<Config extends ServiceConfig> {
  /** In every log line. */
  readonly name: string;
  /** @throws SettingsError */
  readConfig(): Config;
  createApp(config: Config, logger: StructuredLogger): Promise<NestFastifyApplication>;
}

/**
 * Runs a service from start to end: reads the settings, starts, listens, and exits with 0 after
 * SIGTERM or SIGINT. Wrong settings, a failed start and a crash are logged, and it exits with 1.
 */
export async function runService<Config extends ServiceConfig>(
  service: Service<Config>,
): Promise<void> {
  const config = readConfig(service);
  const logger = new StructuredLogger({ name: service.name, level: config.logLevel });
  for (const warning of config.warnings) logger.warn(warning);
  let running: Stoppable | undefined;
  exitOnCrash(logger);
  stopOnSignals(logger, () => running);
  try {
    const app = await service.createApp(config, logger);
    running = stoppable(app);
    await app.listen({ host: config.host, port: config.port });
    const { address, port } = app.getHttpServer().address() as AddressInfo;
    logger.log('Listening', { address, port });
  } catch (error) {
    logger.fatal(whyNotStarted(error, config), error);
    process.exit(1);
  }
}

function readConfig<Config extends ServiceConfig>(service: Service<Config>): Config {
  try {
    return service.readConfig();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    // Plain text, because the log level is not known yet.
    process.stderr.write(`${service.name} does not start. ${error.message}\n`);
    process.exit(1);
  }
}

function stoppable(app: NestFastifyApplication): Stoppable {
  const server = app.getHttpServer();
  return {
    close: () => {
      // Before Nest's hooks, so that no new connection arrives while they run.
      server.close();
      return app.close();
    },
    closeNow: () => server.closeAllConnections(),
  };
}

/** The error may be from `listen`: on the port of the service, or on the one of its metrics. */
function whyNotStarted(error: unknown, { host, port }: ServiceConfig): string {
  const failed = error instanceof Error ? (error as ListenError) : {};
  const address = hostAndPort({ host: failed.address ?? host, port: failed.port ?? port });
  if (failed.code === 'EADDRINUSE') return `Not started: ${address} is taken by another process`;
  if (failed.code === 'EACCES') return `Not started: ${address} may not be used by this user`;
  return 'Not started';
}
