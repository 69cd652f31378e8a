import { Logger, Module, type OnModuleDestroy } from '@nestjs/common';
import 'reflect-metadata';
import { z } from 'zod';

import { createHttpApp } from '../http/http-app.js';
import { LOG_LEVELS } from '../logging/structured-logger.js';
import { parseSettings, type Environment } from '../settings/parse-settings.js';
import { choice, duration, flag, port, text } from '../settings/setting.js';
import { runService } from './run-service.js';

// A service whose requests are slow, endless or deadly: run-service.faults-spec.ts starts it.

const Settings = z.object({
  HOST: text().prefault('127.0.0.1'),
  PORT: port().prefault('0'),
  HANG: flag().prefault('off'),
  SHUTDOWN_DELAY: duration('0s').prefault('0s'),
  LOG_LEVEL: choice(...LOG_LEVELS).prefault('info'),
});

const logger = new Logger('Fixture');

@Module({})
class FixtureModule implements OnModuleDestroy {
  onModuleDestroy(): void {
    logger.log('hook ran');
  }
}

await runService({
  name: 'fixture',
  needs: ['database', 'keys'],
  readConfig: () => {
    const given = process.argv.slice(2).map((argument) => argument.split('='));
    const environment = Object.fromEntries(given) as Environment;
    const warnings: string[] = [];
    const settings = parseSettings(Settings, environment, (message) => warnings.push(message));
    return {
      host: settings.HOST,
      port: settings.PORT,
      logLevel: settings.LOG_LEVEL,
      trustProxy: false as const,
      cors: { origins: ['https://app.example.com'] },
      shutdownDelayMs: settings.SHUTDOWN_DELAY,
      warnings,
      hangs: settings.HANG,
    };
  },
  createApp: async (config, structuredLogger, httpServer) => {
    const app = await createHttpApp(FixtureModule, {
      logger: structuredLogger,
      trustProxy: config.trustProxy,
      documentation: undefined,
      server: httpServer,
    });
    if (config.hangs) {
      httpServer.progress.waitsFor('database', 'cannot be reached');
      httpServer.progress.has('keys');
      logger.log('hanging');
      await new Promise(() => setInterval(() => undefined, 1_000));
    }
    const server = app.getHttpAdapter().getInstance();
    server.get('/quick', () => 'quick');
    server.get('/warn', () => {
      process.emitWarning('this is old', { type: 'DeprecationWarning', code: 'DEP_FIXTURE' });
      return 'warned';
    });
    server.get('/slow', async () => {
      logger.log('slow began');
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      return 'done';
    });
    server.get('/never', () => {
      logger.log('never began');
      return new Promise(() => undefined);
    });
    server.get('/throw', () =>
      setImmediate(() => {
        throw new Error('nobody caught this');
      }),
    );
    server.get('/reject', () => {
      void Promise.reject(new Error('nobody caught this'));
      return 'ok';
    });
    return app;
  },
});
