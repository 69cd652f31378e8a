import { startApp, startPostgres, type PostgresServer, type RunningApp } from '@jwt-auth/dev-stack';
import { TestIssuer } from '@jwt-auth/jwt-core/testing';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask } from '../driver/ask.js';
import { clockMover, WallClock, works } from './wall-clock.js';

const directory = mkdtempSync(join(tmpdir(), 'chaos-clock-'));
const mover = clockMover(directory);
const clock = new WallClock(directory, 'orders', mover);
let postgres: PostgresServer;
let issuer: TestIssuer;
let orders: RunningApp;

beforeAll(async () => {
  postgres = await startPostgres();
  issuer = await TestIssuer.start();
  const ORDERS_DATABASE_URL = await postgres.createDatabase('orders');
  const env = { ORDERS_DATABASE_URL, ISSUER: issuer.issuer, ...clock.environment };
  orders = await startApp('orders', { env });
});
afterAll(async () => {
  await orders?.stop();
  await issuer?.close();
  await postgres?.stop();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => clock.move(0));

const now = () => Math.floor(Date.now() / 1000);
const scope = 'orders:read';
const poll = { timeout: 20_000, interval: 25 };

async function verdict(token: string): Promise<unknown> {
  const answer = await ask(`${orders.url}/orders`, { token });
  return answer?.status === 200 ? 'ok' : answer?.body['code'];
}

it('a moved clock is moved, and the monotonic one is not', () => {
  expect(works(mover, directory)).toBe(true);
});

describe('at a service whose wall clock is set back', () => {
  it('a revoked token that has expired since stays refused', async () => {
    const jti = randomUUID();
    const exp = now() - 120;
    const dead = issuer.mint({ scope, jti, iat: now() - 900, exp });
    await issuer.revoke({ kind: 'jti', id: jti, exp });
    const justExpired = issuer.mint({ scope, iat: now() - 900, exp: now() - 30 });
    expect([await verdict(dead), await verdict(justExpired)]).toEqual(
      Array(2).fill('token_expired'),
    );
    clock.move(-600);
    // Its clock is back: it takes for unexpired what the issuer's list still covers.
    await expect.poll(() => verdict(justExpired), poll).toBe('ok');
    expect(await verdict(dead)).toBe('token_expired');
  });
});

it.each([3_600, -3_600])('a clock that jumps by %i s and back changes nothing', async (shift) => {
  const jti = randomUUID();
  const [alive, dead] = [issuer.mint({ scope }), issuer.mint({ scope, jti })];
  await issuer.revoke({ kind: 'jti', id: jti });
  await expect.poll(() => verdict(dead), poll).toBe('token_revoked');
  clock.move(shift);
  const moved = shift > 0 ? 'token_expired' : 'token_invalid';
  await expect.poll(() => verdict(alive), poll).toBe(moved);
  expect(await verdict(dead)).not.toBe('ok');
  clock.move(0);
  await expect.poll(() => verdict(alive), poll).toBe('ok');
  expect(await verdict(dead)).toBe('token_revoked');
});
