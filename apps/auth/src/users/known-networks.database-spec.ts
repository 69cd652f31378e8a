import { randomUUID } from 'node:crypto';

import { networkOf } from '@jwt-auth/chassis';
import { describe, expect, it, vi } from 'vitest';

import { CountAttempts1764000000401 } from '../database/migrations/1764000000401-count-attempts.js';
import { codeFor, enrolled, secondStep, ticketFor } from '../factors/authenticator.fixture.js';
import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import { AttemptLimiter } from './attempt-limiter.js';
import { KnownNetworksRepository } from './known-networks.repository.js';
import { KnownNetworks } from './known-networks.js';
import { UsersAdminService } from './users.admin.service.js';
import { UsersRepository } from './users.repository.js';

const auth = AuthApp.forFile();

const known = async (userId: string): Promise<string[]> => {
  const rows = await auth.dataSource.query<{ network: string }[]>(
    'SELECT network FROM known_networks WHERE user_id = $1 ORDER BY network',
    [userId],
  );
  return rows.map(({ network }) => network);
};

it('a successful login makes its network known, a failed one does not', async () => {
  const email = 'networks@example.com';
  const { body } = await auth.register(email);
  await auth.call('POST', '/auth/login', { body: { email, password: 'not the password' } });
  expect(await known(body.id)).toEqual([]);
  await auth.login(email);
  await auth.login(email);
  expect(await known(body.id)).toEqual(['127.0.0.1']);
});

// threat:password-guessing
it('a login whose password is replaced meanwhile makes no network known', async () => {
  const { id } = (await auth.register('replaced@example.com')).body;
  const users = auth.get(UsersRepository);
  const user = (await users.findById(id))!;
  const waiting = `SELECT FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND datname = current_database()`;
  const origin = { address: '203.0.113.9', userAgent: null, requestId: 'one' };
  const { login } = await auth.dataSource.transaction(async (manager) => {
    await users.setPassword(manager, id, 'another', new Date(+user.passwordChangedAt + 1));
    const login = auth.get(KnownNetworks).remember(user, origin);
    await expect.poll(() => auth.dataSource.query<object[]>(waiting)).toHaveLength(1);
    return { login };
  });
  await login;
  expect(await known(id)).toEqual([]);
  await auth.get(KnownNetworks).remember((await users.findById(id))!, origin);
  expect(await known(id)).toEqual(['203.0.113.9']);
});

describe('the networks of a user who gets another password', () => {
  const THIEF = '203.0.113.66';
  const NEW_PASSWORD = 'ten badgers behind the mill';
  async function robbed(email: string) {
    const { id } = (await auth.register(email)).body;
    const { access_token: token } = await auth.login(email);
    const origin = { address: THIEF, userAgent: null, requestId: 'one' };
    const user = (await auth.get(UsersRepository).findById(id))!;
    await auth.get(KnownNetworks).remember(user, origin);
    expect(await known(id)).toEqual(['127.0.0.1', THIEF]);
    return { id, token };
  }

  // threat:password-guessing
  it('are forgotten, all but the one from which the user replaces it', async () => {
    const { id, token } = await robbed('robbed@example.com');
    const other = await robbed('not-robbed@example.com');
    const body = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
    expect((await auth.call('PUT', '/auth/password', { token, body })).status).toBe(204);
    expect(await known(id)).toEqual(['127.0.0.1']);
    expect(await known(other.id)).toEqual(['127.0.0.1', THIEF]);
  });

  // threat:password-guessing
  it('are all forgotten when an administrator replaces it', async () => {
    const { id } = await robbed('replaced-by-admin@example.com');
    const admin = { actor: randomUUID(), origin: undefined };
    await auth.get(UsersAdminService).resetPassword(id, NEW_PASSWORD, admin);
    expect(await known(id)).toEqual([]);
  });
});

it('the networks of earlier sessions are known after the migration', async () => {
  const addresses = [
    '192.0.2.7',
    '2001:db8:1:2:3:4:5:6',
    '2001:db8:1:2::9',
    'fe80::1',
    '::1',
    '2001:db8::ff',
  ];
  const { body } = await auth.register('migrated@example.com');
  for (const address of [...addresses, '198.51.100.8:40001', 'not an address', '']) {
    await auth.dataSource.query(
      `INSERT INTO sessions (id, user_id, address, created_at, last_used_at, expires_at)
       VALUES ($1, $2, $3, now(), now(), now() + interval '1 day')`,
      [randomUUID(), body.id, address],
    );
  }
  const migration = new CountAttempts1764000000401();
  await auth.dataSource.transaction(async ({ queryRunner }) => {
    if (!queryRunner) throw new Error('A transaction has a runner');
    await migration.down(queryRunner);
    await migration.up(queryRunner);
  });
  expect(await known(body.id)).toEqual([...new Set(addresses.map(networkOf))].sort());
});

describe('a login with a second factor', () => {
  async function secondStepOf({ email, secret, userId }: Awaited<ReturnType<typeof enrolled>>) {
    await auth.dataSource.query('DELETE FROM known_networks WHERE user_id = $1', [userId]);
    const ticket = await ticketFor(auth, email);
    return () => secondStep(auth, { ticket, code: codeFor(auth, secret) });
  }

  it('makes no network known if its password is replaced before it is remembered', async () => {
    const user = await enrolled(auth);
    const complete = await secondStepOf(user);
    const limiter = auth.get(AttemptLimiter);
    const succeed = limiter.succeed.bind(limiter);
    const after = vi.spyOn(limiter, 'succeed').mockImplementationOnce(async (attempt) => {
      const later = new Date(Date.now() + 1_000);
      const { manager } = auth.dataSource;
      await auth.get(UsersRepository).setPassword(manager, user.userId, 'another', later);
      await succeed(attempt);
    });
    expect((await complete()).status).toBe(200);
    expect(after).toHaveBeenCalledTimes(1);
    after.mockRestore();
    expect(await known(user.userId)).toEqual([]);
  });

  it('keeps the tokens of its session when its network cannot be remembered', async () => {
    const complete = await secondStepOf(await enrolled(auth));
    const repository = auth.get(KnownNetworksRepository);
    const remember = vi.spyOn(repository, 'remember').mockRejectedValueOnce(new Error('away'));
    expect((await complete()).status).toBe(200);
    expect(remember).toHaveBeenCalledTimes(1);
    remember.mockRestore();
  });
});
