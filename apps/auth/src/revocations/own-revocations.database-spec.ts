import { randomUUID } from 'node:crypto';

import { RevocationList, type Revocation } from '@jwt-auth/jwt-core';
import { beforeEach, describe, expect, it } from 'vitest';

import { AuthApp } from '../testing/auth-app.fixture.js';
import { OwnRevocations } from './own-revocations.js';
import { RevocationsRepository } from './revocations.repository.js';
import { RevocationsService } from './revocations.service.js';

const auth = AuthApp.forFile();
let now: number;
let list: RevocationList;
let service: RevocationsService;

beforeEach(() => {
  now = 0;
  list = new RevocationList({ maxStalenessMs: 1_000, monotonicNow: () => now });
  const own = new OwnRevocations(auth.dataSource, list);
  service = new RevocationsService(auth.get(RevocationsRepository), own);
});

const entry = (): Revocation => ({
  kind: 'jti',
  id: randomUUID(),
  exp: Math.floor(Date.now() / 1000) + 60,
});

describe('revocations of this process', () => {
  it('are in the list once their transaction commits, and not before', async () => {
    await auth.dataSource.transaction(async (manager) => {
      await service.revoke(manager, [entry(), entry()]);
      await manager.transaction((inner) => service.revoke(inner, [entry()]));
      expect(list.size).toBe(0);
    });
    expect(list.size).toBe(3);
  });

  it('are not in the list when it fails, nor after the next one on the same connection', async () => {
    const runner = auth.dataSource.createQueryRunner();
    await runner.startTransaction();
    await service.revoke(runner.manager, [entry()]);
    await runner.rollbackTransaction();
    await runner.startTransaction();
    await runner.commitTransaction();
    await runner.release();
    expect(list.size).toBe(0);
  });

  it('do not make the list fresh, as other processes revoke too', async () => {
    list.apply({ cursor: '', reset: true, more: false, entries: [] }, now);
    expect(list.state).toBe('fresh');
    now += 1_001;
    await auth.dataSource.transaction((manager) => service.revoke(manager, [entry()]));
    expect([list.size, list.state]).toEqual([1, 'stale']);
  });
});
