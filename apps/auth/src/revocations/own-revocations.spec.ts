import { randomUUID } from 'node:crypto';

import { RevocationList, type Revocation } from '@jwt-auth/jwt-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { AuthApp } from '../testing/auth-app.fixture.js';
import { OwnRevocations } from './own-revocations.js';
import { RevocationsService } from './revocations.service.js';

let auth: AuthApp;
let now: number;
let list: RevocationList;
let service: RevocationsService;

beforeAll(async () => {
  auth = await AuthApp.start();
});
afterAll(() => auth.close());
beforeEach(() => {
  now = 0;
  list = new RevocationList({ maxStalenessMs: 1_000, monotonicNow: () => now });
  service = new RevocationsService(new OwnRevocations(auth.dataSource, list), auth.dataSource);
});

const entry = (): Revocation => ({
  kind: 'jti',
  id: randomUUID(),
  exp: Math.floor(Date.now() / 1000) + 60,
});

describe('revocations of this process', () => {
  it('are heeded when their transaction commits, and not before', async () => {
    await auth.dataSource.transaction(async (manager) => {
      await service.revoke(manager, [entry(), entry()]);
      await manager.transaction((inner) => service.revoke(inner, [entry()]));
      expect(list.size).toBe(0);
    });
    expect(list.size).toBe(3);
  });

  it('are not heeded when it fails, nor with the next one on the same connection', async () => {
    const runner = auth.dataSource.createQueryRunner();
    await runner.startTransaction();
    await service.revoke(runner.manager, [entry()]);
    await runner.rollbackTransaction();
    await runner.startTransaction();
    await runner.commitTransaction();
    await runner.release();
    expect(list.size).toBe(0);
  });

  it('prove nothing of what others have revoked', async () => {
    list.apply({ cursor: '', reset: true, more: false, entries: [] }, now);
    expect(list.state).toBe('fresh');
    now += 1_001;
    await auth.dataSource.transaction((manager) => service.revoke(manager, [entry()]));
    expect([list.size, list.state]).toEqual([1, 'stale']);
  });
});
