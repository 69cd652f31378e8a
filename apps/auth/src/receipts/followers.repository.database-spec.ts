import { randomUUID } from 'node:crypto';

import { FeedPosition } from '@jwt-auth/jwt-core/postgres';
import type { Pool } from 'pg';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { describe, expect, it } from 'vitest';

import { AuthApp } from '../testing/auth-app.fixture.js';
import { keyOf } from './follower.js';
import { FollowersRepository } from './followers.repository.js';

const auth = AuthApp.forFile();

describe('what is saved of followers', () => {
  const at = (instance: string, transactionId: bigint, silentMs: number) => ({
    key: keyOf({ service: 'saved', instance }),
    service: 'saved',
    instance,
    position: new FeedPosition(transactionId),
    seenAtMs: performance.now() - silentMs,
  });
  const saved = () =>
    auth.dataSource.query<object[]>(
      `SELECT instance, process, position::text AS position FROM feed_followers
       WHERE service = 'saved' ORDER BY instance`,
    );
  const [one, other] = [randomUUID(), randomUUID()];
  const names = (...instances: string[]) =>
    instances.map((instance) => ({ service: 'saved', instance }));
  const listedOne = async (name: string) =>
    (await auth.get(FollowersRepository).list()).find(({ instance }) => instance === name);

  it('is what the process knows that has seen it last', async () => {
    const repository = auth.get(FollowersRepository);
    await repository.save(one, [at('a', 7n, 1_000), at('b', 7n, 1_000)]);
    await repository.save(other, [at('a', 6n, 5_000), at('b', 8n, 100)]);
    expect(await saved()).toEqual([
      { instance: 'a', process: one, position: '7' },
      { instance: 'b', process: other, position: '8' },
    ]);
  });

  it('is removed ten minutes after it was last seen', async () => {
    const repository = auth.get(FollowersRepository);
    await repository.save(one, [at('a', 7n, 0), at('c', 7n, 598_000)]);
    await auth.dataSource.query(
      `UPDATE feed_followers SET seen_at = now() - interval '10 minutes' WHERE instance = 'a'`,
    );
    await repository.removeForgotten();
    expect(await saved()).toMatchObject([{ instance: 'b' }, { instance: 'c' }]);
    await repository.remove(names('b', 'c', 'unknown'));
    expect(await saved()).toEqual([]);
  });

  it('stays if another process has seen it since, and this one has no place for it', async () => {
    const repository = auth.get(FollowersRepository);
    await repository.save(one, [at('here', 7n, 1_000), at('moved', 7n, 1_000)]);
    await repository.save(other, [at('moved', 7n, 100)]);
    await repository.removeOf(one, names('here', 'moved'));
    expect(await saved()).toMatchObject([{ instance: 'moved' }]);
    await repository.remove(names('moved'));
  });

  it.each([
    ['the transactions that were open', [5n, 7n], [true, false, true, false, true]],
    [
      'no transaction from the first on that was open, of hundreds',
      [5n, 7n, ...Array.from({ length: 200 }, (_, n) => BigInt(100 + n))],
      [true, false, false, false, false],
    ],
  ])('claims what is applied except for %s', async (_, open, expected) => {
    const position = new FeedPosition(999n, new Set(open));
    await auth.get(FollowersRepository).save(one, [{ ...at('open', 9n, 0), position }]);
    const listed = await listedOne('open');
    expect([4n, 5n, 6n, 7n, 8n].map((id) => listed?.position?.covers(id))).toEqual(expected);
    await auth.get(FollowersRepository).remove(names('open'));
  });

  it('is what the release before has saved, if that was the last', async () => {
    const repository = auth.get(FollowersRepository);
    const position = new FeedPosition(9n, new Set([5n]), 'another');
    await repository.save(one, [{ ...at('a', 9n, 0), position }]);
    expect((await listedOne('a'))?.position).toEqual(position);
    await auth.dataSource.query(
      `UPDATE feed_followers SET position = '12' WHERE service = 'saved' AND instance = 'a'`,
    );
    expect((await listedOne('a'))?.position).toEqual(new FeedPosition(12n));
    await repository.save(one, [{ ...at('a', 9n, 0), position: undefined }]);
    expect((await listedOne('a'))?.position).toBeUndefined();
    await repository.remove(names('a'));
  });

  it('is overwritten if the clock of the database was set back', async () => {
    const repository = auth.get(FollowersRepository);
    await repository.save(one, [at('a', 7n, 0)]);
    await auth.dataSource.query(
      `UPDATE feed_followers SET seen_at = now() + interval '1 hour' WHERE service = 'saved'`,
    );
    await repository.save(other, [at('a', 8n, 0)]);
    expect(await saved()).toEqual([{ instance: 'a', process: other, position: '8' }]);
    await repository.remove(names('a'));
  });

  it('was seen before the wait for a connection of the pool', async () => {
    const repository = auth.get(FollowersRepository);
    const { options } = (auth.dataSource.driver as PostgresDriver).master as Pool;
    const runners = Array.from({ length: options.max }, () => auth.dataSource.createQueryRunner());
    await Promise.all(runners.map((runner) => runner.connect()));
    const follower = at('a', 7n, 0);
    const saving = repository.save(one, [follower]);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await Promise.all(runners.map((runner) => runner.release()));
    await saving;
    const seenAtMs = (await listedOne('a'))!.seenAtMs;
    expect(Math.abs(seenAtMs - follower.seenAtMs)).toBeLessThan(1_200);
    await repository.remove(names('a'));
  });

  describe('is removed', () => {
    const waiting = () =>
      auth.dataSource.query<object[]>(`SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`);
    const lock = `SELECT FROM feed_followers WHERE instance = $1 FOR UPDATE NOWAIT`;

    it.each(['remove', 'removeOf'] as const)(
      'by %s in the order in which it is saved, so that neither waits for the other',
      async (method) => {
        const repository = auth.get(FollowersRepository);
        // Scanned in this order.
        for (const instance of ['b', 'a']) await repository.save(one, [at(instance, 7n, 0)]);
        const runner = auth.dataSource.createQueryRunner();
        await runner.startTransaction();
        await runner.query(lock, ['a']);
        const removing =
          method === 'remove'
            ? repository.remove(names('b', 'a'))
            : repository.removeOf(one, names('b', 'a'));
        await expect.poll(waiting).toHaveLength(1);
        const locked = await runner.query(lock, ['b']).then(
          () => true,
          () => false,
        );
        await runner.rollbackTransaction();
        await runner.release();
        await removing;
        expect(locked).toBe(true);
        expect(await saved()).toEqual([]);
      },
    );

    it('also while it is saved', async () => {
      const repository = auth.get(FollowersRepository);
      await repository.save(one, [at('a', 7n, 0)]);
      const runner = auth.dataSource.createQueryRunner();
      await runner.startTransaction();
      await runner.query(`UPDATE feed_followers SET version = '2' WHERE instance = 'a'`);
      const removing = repository.remove(names('a'));
      await expect.poll(waiting).toHaveLength(1);
      await runner.commitTransaction();
      await runner.release();
      await removing;
      expect(await saved()).toEqual([]);
    });
  });

  it('survives a crash of the database, so that no receipt overlooks a follower after it', async () => {
    const persistence = await auth.dataSource.query<object[]>(
      `SELECT relpersistence AS is FROM pg_class WHERE oid = 'feed_followers'::regclass`,
    );
    expect(persistence).toEqual([{ is: 'p' }]);
  });
});

it('the list of services has 10,000 followers at most, those seen last', async () => {
  await auth.dataSource.query(
    `INSERT INTO feed_followers (service, instance, process, seen_at)
     SELECT 'many', n, gen_random_uuid(), now() - n * interval '1 ms'
     FROM generate_series(1, 10001) n`,
  );
  const listed = await auth.get(FollowersRepository).list();
  expect(listed).toHaveLength(10_000);
  expect(listed.map(({ instance }) => instance)).not.toContain('10001');
});
