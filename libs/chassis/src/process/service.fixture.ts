import { Logger, Module, type OnModuleDestroy } from '@nestjs/common';
import 'reflect-metadata';
import { z } from 'zod';

import { createHttpApp } from '../http/http-app.js';
import { LOG_LEVELS } from '../logging/structured-logger.js';
import { parseSettings, type Environment } from '../settings/parse-settings.js';
import { choice, flag, port, text } from '../settings/setting.js';
import { runService } from './run-service.js';

// A service whose requests are slow, endless or deadly: run-service.spec.ts starts it.

const Settings = z.object({
  HOST: text().prefault('127.0.0.1'),
  PORT: port().prefault('0'),
  HANG: flag().prefault('off'),
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
      warnings,
      hangs: settings.HANG,
    };
  },
  createApp: async (config, structuredLogger) => {
    const app = await createHttpApp(FixtureModule, {
      logger: structuredLogger,
      trustProxy: config.trustProxy,
      documentation: undefined,
    });
    if (config.hangs) {
      logger.log('hanging');
      await new Promise(() => setInterval(() => undefined, 1_000));
    }
    const server = app.getHttpAdapter().getInstance();
    server.get('/quick', () => 'quick');
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
