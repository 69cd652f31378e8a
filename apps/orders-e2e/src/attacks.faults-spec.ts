import { checkResourceServer, formatReport, TestIssuer } from '@jwt-auth/jwt-core/testing';
import { expect, it } from 'vitest';
import { startOrders } from './orders-service.js';

it('withstands every attack, and a feed that is down', async () => {
  const issuer = await TestIssuer.start();
  const orders = await startOrders(issuer.issuer, { REVOCATION_MAX_STALENESS: '2s' });
  try {
    const report = await checkResourceServer({
      url: `${orders.url}/orders`,
      issuer,
      claims: { scope: 'orders:read' },
      staleAfterMs: 2_000,
    });
    expect(report.setUp).toBeUndefined();
    expect(report.results.length).toBeGreaterThan(300);
    expect(report.findings, formatReport(report)).toEqual([]);
  } finally {
    await orders.stop();
    await issuer.close();
  }
}, 300_000);
