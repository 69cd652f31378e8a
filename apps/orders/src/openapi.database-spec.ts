import { ApiProbe } from '@jwt-auth/dev-stack/openapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { OrdersApp } from './orders-app.fixture.js';

let orders: OrdersApp;
let probe: ApiProbe;

beforeAll(async () => {
  orders = await OrdersApp.start();
  const scope = 'orders:read orders:write';
  probe = await ApiProbe.start({
    base: orders.url,
    known: { currency: () => 'EUR', cursor: () => undefined, customerId: () => 'ada' },
    callerOf: ({ security }) => security && 'ada',
    logIn: async () => `Bearer ${orders.auth.mint({ sub: 'ada', scope, roles: [] })}`,
    timeoutMs: 60_000,
  });
});
afterAll(async () => {
  probe?.close();
  await orders.close();
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
