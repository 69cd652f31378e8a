import { Logger, Module, type OnModuleDestroy } from '@nestjs/common';
import 'reflect-metadata';
import { z } from 'zod';

import { createHttpApp } from '../http/http-app.js';
import { parseSettings, type Environment } from '../settings/parse-settings.js';
import { SERVICE_SETTINGS, ServiceConfig } from '../settings/service-settings.js';
import { flag } from '../settings/setting.js';
import { runService } from './run-service.js';

// A service whose requests are slow, endless or deadly: run-service.faults-spec.ts starts it.

const Settings = z.object({ ...SERVICE_SETTINGS, HANG: flag().default(false) });

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
    const environment: Environment = {
      PORT: '0',
      CORS_ORIGINS: 'https://app.example.com',
      ...(Object.fromEntries(given) as Environment),
    };
    const warnings: string[] = [];
    const settings = parseSettings(Settings, environment, (message) => warnings.push(message));
    const { PORT: port = 0, HANG: hangs } = settings;
    const config = new ServiceConfig(settings, {
      version: '0.0.0',
      port,
      metricsPort: undefined,
      warnings,
    });
    return Object.assign(config, { hangs });
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
