import { StructuredLogger } from '@jwt-auth/chassis';
import { until } from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { TestIssuer } from '@jwt-auth/jwt-core/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { createOrdersApp } from './app.setup.js';
import { Config } from './config.js';

/** Orders in this process, ready, with a database and an issuer of its own. */
export class OrdersApp {
  private constructor(
    readonly auth: TestIssuer,
    private readonly app: NestFastifyApplication,
    readonly url: string,
  ) {}

  static async start(): Promise<OrdersApp> {
    const auth = await TestIssuer.start();
    const settings = { ORDERS_DATABASE_URL: await freshDatabase(), ISSUER: auth.issuer };
    const logger = new StructuredLogger({ name: 'orders', level: 'silent' });
    const app = await createOrdersApp(new Config(settings), logger);
    await app.listen({ host: '127.0.0.1', port: 0 });
    const url = await app.getUrl();
    const ready = async () => (await fetch(`${url}/health/ready`)).ok;
    if (!(await until(ready, { withinMs: 30_000 }))) throw new Error('orders is not ready');
    return new OrdersApp(auth, app, url);
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.auth.close();
  }
}
