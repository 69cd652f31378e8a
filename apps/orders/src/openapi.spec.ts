import { StructuredLogger } from '@jwt-auth/chassis';
import { ApiProbe } from '@jwt-auth/dev-stack/openapi';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { TestIssuer } from '@jwt-auth/jwt-core/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { createOrdersApp } from './app.setup.js';
import { Config } from './config.js';

let auth: TestIssuer;
let app: NestFastifyApplication;
let probe: ApiProbe;

beforeAll(async () => {
  auth = await TestIssuer.start();
  const database = await freshDatabase();
  const config = new Config({ ORDERS_DATABASE_URL: database, ISSUER: auth.issuer });
  app = await createOrdersApp(config, new StructuredLogger({ name: 'orders', level: 'silent' }));
  await app.listen({ host: '127.0.0.1', port: 0 });
  const base = await app.getUrl();
  const isReady = async () => expect((await fetch(`${base}/health/ready`)).status).toBe(200);
  await vi.waitFor(isReady, { timeout: 30_000 });
  const scope = 'orders:read orders:write';
  probe = await ApiProbe.start({
    base,
    known: { currency: () => 'EUR', cursor: () => undefined, customerId: () => 'ada' },
    callerOf: ({ security }) => security && 'ada',
    logIn: async () => `Bearer ${auth.mint({ sub: 'ada', scope, roles: [] })}`,
    timeoutMs: 60_000,
  });
});
afterAll(async () => {
  probe?.close();
  await app.close();
  await auth.close();
});

describe('every route of the OpenAPI document', () => {
  const timeout = 300_000;

  it('is described completely', () => {
    expect(probe.operations.length).toBeGreaterThan(6);
    expect(probe.documentFaults()).toEqual([]);
  });

  it('answers valid requests as it is described', { timeout }, async () => {
    expect(await probe.sendValid()).toEqual([]);
    expect(probe.statuses.get(201)).toBeGreaterThan(1);
  });

  it('answers odd requests as it is described', { timeout }, async () => {
    expect(await probe.sendOdd(8)).toEqual([]);
  });
});
