import { createTcpProxy } from '@jwt-auth/dev-stack';
import { describe, expect, it, vi } from 'vitest';

import { poolOf } from './database-pool.js';
import { databaseReadiness } from './database-readiness.js';
import { DisturbedDatabase, END_CONNECTIONS } from './disturbed-database.fixture.js';

const database = DisturbedDatabase.forEachTest();

describe('readiness', () => {
  it('reports a silent server instead of waiting for it, and its return at the next check', async () => {
    const address = new URL(database.url);
    const proxy = await createTcpProxy(Number(address.port));
    address.port = String(proxy.port);
    const dataSource = await database.open(address.href, 5);
    await Promise.all(Array.from({ length: 5 }, () => dataSource.query('SELECT pg_sleep(0.1)')));
    const readiness = databaseReadiness(dataSource);
    // No connection that is open works any more, and none of them shows it.
    proxy.halfOpen();
    const startedAt = performance.now();
    expect(await readiness.check()).toBe('does not answer');
    // A statement may take a minute.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    await expect.poll(() => readiness.check()).toBeUndefined();
    await Promise.all(Array.from({ length: 5 }, () => dataSource.query('SELECT pg_sleep(0.1)')));
    await proxy.close();
  });

  it('reports a full disk once a statement has felt it, and its end at the next check', async () => {
    await database.administer(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE 'could not extend file' USING ERRCODE = 'disk_full'; END $$`,
      'CREATE TRIGGER full_disk BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION refuse()',
      database.set('temp_file_limit = 0'),
    );
    const dataSource = await database.open();
    const readiness = databaseReadiness(dataSource);
    expect(await readiness.check()).toBeUndefined();
    await expect(dataSource.query('INSERT INTO notes VALUES (1)')).rejects.toThrow('extend');
    for (let asked = 0; asked < 2; asked++) {
      expect(await readiness.check()).toBe('has no resources left');
    }
    await database.administer(database.reset('temp_file_limit'), END_CONNECTIONS);
    await expect.poll(() => readiness.check()).toBeUndefined();
  });

  it('asks the database once for any number of simultaneous checks', async () => {
    const dataSource = await database.open();
    const asked = vi.spyOn(poolOf(dataSource), 'isWritable');
    const readiness = databaseReadiness(dataSource);
    const checks = await Promise.all(Array.from({ length: 200 }, async () => readiness.check()));
    expect(new Set(checks)).toEqual(new Set([undefined]));
    expect(asked).toHaveBeenCalledOnce();
    await readiness.check();
    expect(asked).toHaveBeenCalledTimes(2);
  });
});
