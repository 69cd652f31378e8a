import { describe, expect, it } from 'vitest';

import { DisturbedDatabase } from './disturbed-database.fixture.js';

const database = DisturbedDatabase.forEachTest();

describe('a transaction', () => {
  it('is run again after a deadlock, however many were undone', async () => {
    const dataSource = await database.open();
    await dataSource.query(`INSERT INTO notes VALUES (1, ''), (2, '')`);
    let runs = 0;
    const append = (first: number, second: number, letter: string) =>
      dataSource.transaction(async (manager) => {
        runs += 1;
        for (const id of [first, second]) {
          await manager.query('UPDATE notes SET text = text || $1 WHERE id = $2', [letter, id]);
          await manager.query('SELECT pg_sleep(0.2)');
        }
      });
    await Promise.all([append(1, 2, 'a'), append(2, 1, 'b')]);
    expect(runs).toBeGreaterThan(2);
    const texts = await dataSource.query<{ text: string }[]>('SELECT text FROM notes');
    for (const { text } of texts) expect([...text].sort()).toEqual(['a', 'b']);
  });

  it('is run again when it could not be serialized, also through the manager', async () => {
    const dataSource = await database.open();
    await dataSource.query(`INSERT INTO notes VALUES (1, '')`);
    let runs = 0;
    await dataSource.manager.transaction('REPEATABLE READ', async (manager) => {
      runs += 1;
      await manager.query('SELECT * FROM notes');
      if (runs === 1) await database.administer(`UPDATE notes SET text = 'x'`);
      await manager.query(`UPDATE notes SET text = text || 'y'`);
    });
    expect(await dataSource.query('SELECT text FROM notes')).toEqual([{ text: 'xy' }]);
    expect(runs).toBe(2);
  });

  it('is given up after four attempts, and not run again for any other reason', async () => {
    const dataSource = await database.open();
    const runsWith = async (code: string) => {
      let runs = 0;
      const work = dataSource.transaction(async (manager) => {
        runs += 1;
        await manager.query(`DO $$ BEGIN RAISE EXCEPTION '' USING ERRCODE = '${code}'; END $$`);
      });
      await expect(work).rejects.toThrow();
      return runs;
    };
    expect(await runsWith('40001')).toBe(4);
    expect(await runsWith('57014')).toBe(1);
    expect(await runsWith('23505')).toBe(1);
  });

  it('is run again on another connection when a prepared statement is outdated', async () => {
    const dataSource = await database.open(database.url, 1);
    const list = () =>
      dataSource.transaction((manager) =>
        manager.query({ name: 'list', text: 'SELECT * FROM notes' } as unknown as string),
      );
    await list();
    await database.administer('ALTER TABLE notes ADD COLUMN colour text');
    expect(await list()).toEqual([]);
  });
});
