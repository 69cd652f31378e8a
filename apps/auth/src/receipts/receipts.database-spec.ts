import { randomUUID } from 'node:crypto';

import { FeedPosition } from '@jwt-auth/jwt-core/postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { AuthApp, PASSWORD, type Answer, type Call } from '../testing/auth-app.fixture.js';
import { FollowerKeeper } from './follower-keeper.js';
import { FollowersRepository } from './followers.repository.js';
import { FollowerLoop } from './follower-loop.fixture.js';
import { OwnFollowers } from './own-followers.js';
import { ReceiptsService } from './receipts.service.js';
import type { ServiceAnswer } from './services.schema.js';

interface ReceiptAnswer {
  readonly revocation: { readonly kind: string; readonly id: string };
  readonly applied: readonly { readonly instance: string; readonly afterMs: number }[];
  readonly pending: readonly { readonly service: string; readonly instance: string }[];
}

const here = AuthApp.forFile({ SEED_DEMO: 'on' });
const there = AuthApp.forFile(() => ({ SEED_DEMO: 'on', DATABASE_URL: here.databaseUrl }));
let admin: string;
beforeAll(async () => {
  ({ access_token: admin } = await here.login('admin@example.com'));
});
let followers: FollowerLoop[];
beforeAll(async () => {
  followers = [
    await FollowerLoop.start(here, 'here-1'),
    await FollowerLoop.start(there, 'there-1'),
    await FollowerLoop.start(there, 'there-2', 'billing'),
  ];
});
afterAll(async () => {
  await Promise.all(followers.map((follower) => follower.stop()));
});

const revoke = (query = '', call: Call = {}, auth = here): Promise<Answer<ReceiptAnswer>> =>
  auth.call('POST', `/admin/revocations${query}`, {
    token: admin,
    body: { kind: 'jti', id: randomUUID() },
    ...call,
  });
const services = async (auth = here): Promise<readonly ServiceAnswer[]> =>
  (await auth.call<ServiceAnswer[]>('GET', '/admin/services', { token: admin })).body;
const namesOf = (list: readonly { readonly instance: string }[]): string[] =>
  list.map(({ instance }) => instance).sort();
const all = ['here-1', 'there-1', 'there-2'];
/** Follows for the time of a test alone, and both processes know of it. */
async function withFollower<T>(
  auth: AuthApp,
  instance: string,
  work: (follower: FollowerLoop) => Promise<T>,
): Promise<T> {
  const follower = await FollowerLoop.start(auth, instance);
  try {
    for (const each of [here, there]) {
      await expect.poll(async () => namesOf(await services(each))).toContain(instance);
    }
    return await work(follower);
  } finally {
    await follower.stop();
    await follower.ask(0, { leaving: 'true' });
    await auth.get(FollowerKeeper).save();
  }
}

describe('the list of services', () => {
  it('has each process that follows the feed of any auth process, wherever it is read', async () => {
    for (const auth of [here, there]) {
      await expect.poll(async () => namesOf(await services(auth))).toEqual(all);
      for (const service of await services(auth)) {
        expect(service).toMatchObject({ state: 'fresh', lagMs: 0 });
        expect(service.position).toMatch(/^\d+$/);
        expect(Date.now() - Date.parse(service.lastSeenAt)).toBeLessThan(60_000);
      }
    }
  });

  it('says how far a process that has stopped lags behind, and since when it is silent', () =>
    withFollower(there, 'stopping', async (follower) => {
      await follower.stop();
      const before = (await services()).find(({ instance }) => instance === 'stopping');
      await revoke('?wait=100ms');
      await expect
        .poll(async () => (await services()).find(({ instance }) => instance === 'stopping'))
        .toMatchObject({
          position: before?.position,
          lagMs: expect.toSatisfy((ms) => ms > 0) as number,
        });
    }));

  it('is for administrators', async () => {
    const { access_token: token } = await here.login('ada@example.com');
    expect((await here.call('GET', '/admin/services', { token })).status).toBe(403);
    expect((await here.call('GET', '/admin/services')).status).toBe(401);
  });

  it('has no process without a name, or with a name that is none', async () => {
    const before = here.get(OwnFollowers).list().length;
    for (const query of [
      'service=orders',
      'instance=x',
      'service=&instance=x',
      `service=orders&instance=${'x'.repeat(65)}`,
      'service=or%20ders&instance=x',
      'service=%00&instance=x',
      'service=%ff&instance=x',
      'service=a&service=b&instance=x',
      'service[x]=a&instance=x',
    ]) {
      const { status, body } = await here.call<object>('GET', `/revocations?${query}`);
      expect([status, body]).toEqual([200, expect.objectContaining({ reset: true })]);
    }
    expect(here.get(OwnFollowers).list().length).toBe(before);
  });

  it('has a process that asks for its first list as blind', async () => {
    await here.call('GET', '/revocations?service=orders&instance=first&version=1.2.3');
    const state = { state: 'blind', position: null, lagMs: null, version: '1.2.3' };
    const first = async () => (await services(there)).find(({ instance }) => instance === 'first');
    await expect.poll(first).toMatchObject(state);
    await here.call('GET', '/revocations?service=orders&instance=first&leaving=true');
    await expect.poll(first).toBeUndefined();
  });
});

describe('a receipt', () => {
  it('names all that have applied a revocation, in milliseconds, by process and by header', async () => {
    for (const auth of [here, there]) {
      const { status, headers, body } = await revoke('', { headers: { prefer: 'wait=5' } }, auth);
      expect([status, headers['preference-applied']]).toEqual([200, 'wait=5']);
      expect(body.revocation.kind).toBe('jti');
      expect([namesOf(body.applied), body.pending]).toEqual([all, []]);
      expect(Math.max(...body.applied.map(({ afterMs }) => afterMs))).toBeLessThan(5_000);
    }
  });

  it('comes with ?wait, too, without the header of a preference', async () => {
    const { status, headers, body } = await revoke('?wait=5s');
    expect([status, headers['preference-applied']]).toEqual([200, undefined]);
    expect([namesOf(body.applied), body.pending]).toEqual([all, []]);
  });

  it('is left out where nobody prefers it', async () => {
    for (const prefer of ['respond-async', 'wait', 'wait=soon', 'wait=-1', 'wait=2s']) {
      const { status, headers, body } = await revoke('', { headers: { prefer } });
      expect([status, headers['preference-applied']]).toEqual([201, undefined]);
      expect(body).not.toHaveProperty('applied');
    }
    expect((await revoke()).status).toBe(201);
  });

  it.each(['x', '2', '-1s', '1.5s', '2s&wait=3s', '%00'])(
    'is refused for ?wait=%s',
    async (wait) => {
      const id = randomUUID();
      const answer = await revoke(`?wait=${wait}`, { body: { kind: 'jti', id } });
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
      expect(
        await here.dataSource.query('SELECT FROM revoked_tokens WHERE id = $1', [id]),
      ).toHaveLength(0);
    },
  );

  it('names who has not applied it when the wait is over, however many are made up', () =>
    withFollower(there, 'stopped', async (follower) => {
      await follower.stop();
      for (let n = 0; n < 20; n++) {
        await here.call('GET', `/revocations?service=made-up&instance=${n}&wait=0`);
      }
      const beganAtMs = performance.now();
      const { status, body } = await revoke('?wait=1s');
      const tookMs = performance.now() - beganAtMs;
      expect(status).toBe(200);
      expect(namesOf(body.applied)).toEqual(all);
      expect(body.pending).toHaveLength(21);
      expect(body.pending).toContainEqual({ service: 'orders', instance: 'stopped' });
      expect(tookMs).toBeGreaterThan(990);
      expect(tookMs).toBeLessThan(20_000);
      for (let n = 0; n < 20; n++) {
        await here.call('GET', `/revocations?service=made-up&instance=${n}&leaving=true`);
      }
      await here.get(FollowerKeeper).save();
    }));

  it('of a logout is about its session', async () => {
    const { access_token: token } = await here.login('ada@example.com');
    const headers = { prefer: 'wait=5' };
    const { status, body } = await here.call<ReceiptAnswer>('POST', '/auth/logout', {
      token,
      headers,
    });
    expect(status).toBe(200);
    expect(body.revocation.kind).toBe('sid');
    expect([namesOf(body.applied), body.pending]).toEqual([all, []]);
  });

  it('of a logout by a cookie is about the session of the cookie', async () => {
    const login = await here.call('POST', '/auth/login', {
      body: { email: 'ada@example.com', password: PASSWORD, delivery: 'cookie' },
      headers: { 'sec-fetch-site': 'same-origin' },
    });
    const [cookie = ''] = String(login.headers['set-cookie']).split(';');
    const { status, body } = await here.call<ReceiptAnswer>('POST', '/auth/logout', {
      body: {},
      headers: { cookie, 'sec-fetch-site': 'same-origin', prefer: 'wait=5' },
    });
    expect([status, body.revocation.kind]).toEqual([200, 'sid']);
    expect([namesOf(body.applied), body.pending]).toEqual([all, []]);
  });

  it('of a logout everywhere covers all sessions', async () => {
    await here.login('ada@example.com');
    const { access_token: token } = await there.login('ada@example.com');
    const headers = { prefer: 'wait=5' };
    const answer = await there.call<ReceiptAnswer>('POST', '/auth/logout-everywhere', {
      token,
      headers,
    });
    expect(answer.status).toBe(200);
    expect([namesOf(answer.body.applied), answer.body.pending]).toEqual([all, []]);
    const { access_token: other } = await here.login('ada@example.com');
    const plain = await here.call('POST', '/auth/logout-everywhere', { token: other });
    expect([plain.status, plain.body]).toEqual([204, undefined]);
  });

  it('of a logout everywhere that ends nothing, as a logout has come first, is complete', async () => {
    const { access_token: token } = await here.login('ada@example.com');
    const runner = here.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query('SELECT FROM sessions WHERE ended_at IS NULL FOR UPDATE');
    const waiting = () =>
      here.dataSource.query(`SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`);
    const first = here.call('POST', '/auth/logout', { token });
    await expect.poll(waiting).toHaveLength(1);
    const headers = { prefer: 'wait=5' };
    const second = here.call<ReceiptAnswer>('POST', '/auth/logout-everywhere', { token, headers });
    await expect.poll(waiting).toHaveLength(2);
    await runner.commitTransaction();
    await runner.release();
    expect((await first).status).toBe(204);
    const { status, body } = await second;
    expect([status, namesOf(body.applied), body.pending]).toEqual([200, all, []]);
  });

  it('counts positions of this database alone', async () => {
    const repository = here.get(FollowersRepository);
    const databaseIdentity = await repository.databaseIdentity();
    const seenAtMs = performance.now();
    const far = (instance: string, identity: string) => ({
      key: `far ${instance}`,
      service: 'far',
      instance,
      position: new FeedPosition(10n ** 9n, new Set(), identity),
      seenAtMs,
    });
    const both = [far('of this one', databaseIdentity), far('before the fail-over', 'another')];
    await repository.save(randomUUID(), both);
    const { body } = await revoke('?wait=100ms');
    expect(namesOf(body.applied)).toContain('of this one');
    expect(namesOf(body.pending)).toContain('before the fail-over');
    await repository.remove(both);
  });

  it('does not wait for one that has said that it leaves', async () => {
    await withFollower(there, 'leaving', async (follower) => {
      await follower.stop();
      // On a busy machine others may not have confirmed by then, either.
      const { pending } = (await revoke('?wait=100ms')).body;
      expect(pending.map(({ instance }) => instance)).toContain('leaving');
      // At the other process, which knows nothing of it.
      await here.call('GET', '/revocations?service=orders&instance=leaving&leaving=true');
      await here.get(FollowerKeeper).save();
      const beganAtMs = performance.now();
      expect((await revoke('?wait=10s')).body.pending).toEqual([]);
      expect(performance.now() - beganAtMs).toBeLessThan(9_000);
    });
  });

  it('ends when its caller hangs up', () =>
    withFollower(there, 'hanging', async (follower) => {
      await follower.stop();
      const address = await here.listen();
      const receipts = here.get(ReceiptsService);
      const gone = new AbortController();
      const asking = fetch(`${address}/admin/revocations?wait=10s`, {
        method: 'POST',
        headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
        body: JSON.stringify({ kind: 'jti', id: randomUUID() }),
        signal: gone.signal,
      }).catch(() => undefined);
      await expect.poll(() => receipts.waitingReceiptCount).toBe(1);
      const beganAtMs = performance.now();
      gone.abort();
      await asking;
      await expect.poll(() => receipts.waitingReceiptCount).toBe(0);
      expect(performance.now() - beganAtMs).toBeLessThan(9_000);
    }));
});

describe('an auth process that starts', () => {
  it('knows the followers of the others, and of those before it', async () => {
    const gone = await AuthApp.start({ DATABASE_URL: here.databaseUrl });
    await gone.call('GET', '/revocations?service=orders&instance=of-the-one-before');
    await expect
      .poll(() =>
        here.dataSource.query('SELECT FROM feed_followers WHERE instance = $1', [
          'of-the-one-before',
        ]),
      )
      .toHaveLength(1);
    await gone.close();
    const started = await AuthApp.start({ DATABASE_URL: here.databaseUrl });
    try {
      expect(namesOf(await services(started))).toEqual([...all, 'of-the-one-before'].sort());
      await expect
        .poll(async () => namesOf((await revoke('?wait=500ms', {}, started)).body.pending))
        .toEqual(['of-the-one-before']);
    } finally {
      await started.close();
    }
  });
});
