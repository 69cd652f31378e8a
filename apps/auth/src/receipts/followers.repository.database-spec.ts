import { randomUUID } from 'node:crypto';

import { FeedPosition } from '@jwt-auth/jwt-core/postgres';
import { describe, expect, it } from 'vitest';

import { AuthApp } from '../testing/auth-app.fixture.js';
import { FollowersRepository } from './followers.repository.js';

const auth = AuthApp.forFile();

describe('what is saved of followers', () => {
  const at = (instance: string, transactionId: bigint, seenAtMs: number) => ({
    service: 'saved',
    instance,
    position: new FeedPosition(transactionId),
    seenAtMs,
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
    (await auth.get(FollowersRepository).list(0)).find(({ instance }) => instance === name);

  it('is what the process knows that has heard of it last', async () => {
    const repository = auth.get(FollowersRepository);
    await repository.save(one, [at('a', 7n, 5_000), at('b', 7n, 5_000)], 6_000);
    await repository.save(other, [at('a', 6n, 1_000), at('b', 8n, 5_900)], 6_000);
    expect(await saved()).toEqual([
      { instance: 'a', process: one, position: '7' },
      { instance: 'b', process: other, position: '8' },
    ]);
  });

  it('is removed ten minutes after the last that was heard of it', async () => {
    const repository = auth.get(FollowersRepository);
    await repository.save(one, [at('a', 7n, 0), at('c', 7n, 2_000)], 600_001);
    await auth.dataSource.query(
      `UPDATE feed_followers SET seen_at = now() - interval '10 minutes' WHERE instance = 'a'`,
    );
    await repository.removeForgotten();
    expect(await saved()).toMatchObject([{ instance: 'b' }, { instance: 'c' }]);
    await repository.remove(names('b', 'c', 'unknown'));
    expect(await saved()).toEqual([]);
  });

  it('stays if another process has heard of it since, and this one has no place for it', async () => {
    const repository = auth.get(FollowersRepository);
    await repository.save(one, [at('here', 7n, 5_000), at('moved', 7n, 5_000)], 6_000);
    await repository.save(other, [at('moved', 7n, 5_900)], 6_000);
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
    await auth.get(FollowersRepository).save(one, [{ ...at('open', 9n, 0), position }], 0);
    const listed = await listedOne('open');
    expect([4n, 5n, 6n, 7n, 8n].map((id) => listed?.position?.covers(id))).toEqual(expected);
    await auth.get(FollowersRepository).remove(names('open'));
  });

  it('is what the release before has saved, if that was the last', async () => {
    const repository = auth.get(FollowersRepository);
    const position = new FeedPosition(9n, new Set([5n]), 'another');
    await repository.save(one, [{ ...at('a', 9n, 0), position }], 0);
    expect((await listedOne('a'))?.position).toEqual(position);
    await auth.dataSource.query(
      `UPDATE feed_followers SET position = '12' WHERE service = 'saved' AND instance = 'a'`,
    );
    expect((await listedOne('a'))?.position).toEqual(new FeedPosition(12n));
    await repository.save(one, [{ ...at('a', 9n, 0), position: undefined }], 0);
    expect((await listedOne('a'))?.position).toBeUndefined();
    await repository.remove(names('a'));
  });

  it('survives a crash of the database, so that no receipt overlooks a follower after it', async () => {
    const persistence = await auth.dataSource.query<object[]>(
      `SELECT relpersistence AS is FROM pg_class WHERE oid = 'feed_followers'::regclass`,
    );
    expect(persistence).toEqual([{ is: 'p' }]);
  });
});

it('the list of services has 10,000 followers at most, those heard of last', async () => {
  await auth.dataSource.query(
    `INSERT INTO feed_followers (service, instance, process, seen_at)
     SELECT 'many', n, gen_random_uuid(), now() - n * interval '1 ms'
     FROM generate_series(1, 10001) n`,
  );
  const listed = await auth.get(FollowersRepository).list(0);
  expect(listed).toHaveLength(10_000);
  expect(listed.map(({ instance }) => instance)).not.toContain('10001');
});
