import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { AuthApp } from '../testing/auth-app.fixture.js';
import type { User } from './user.entity.js';
import { UsersRepository } from './users.repository.js';

const auth = AuthApp.forFile();
let count = 0;

async function newUser(): Promise<User> {
  const { body } = await auth.register(`checked-${(count += 1)}@example.com`);
  return (await auth.get(UsersRepository).findById(body.id)) as User;
}

const change = (column: string, value: string, { id }: User): Promise<unknown> =>
  auth.dataSource.query(`UPDATE users SET ${column} = ${value} WHERE id = $1`, [id]);

const lockUnchanged = (checked: Parameters<UsersRepository['lockUnchanged']>[1]) =>
  auth.dataSource.transaction((manager) =>
    auth.get(UsersRepository).lockUnchanged(manager, checked),
  );

describe('a user who was checked before the transaction', () => {
  it('is there as it is now', async () => {
    const user = await newUser();
    expect(await lockUnchanged(user)).toEqual(user);
    await change('roles', `'{admin}'`, user);
    expect(await lockUnchanged(user)).toEqual({ ...user, roles: ['admin'] });
  });

  it.each([
    ['was disabled', 'is_disabled', 'true'],
    ['has another password', 'password_changed_at', `now() + interval '1 ms'`],
    ['has a second factor since', 'has_second_factor', 'true'],
  ])('is not there if the user %s', async (_, column, value) => {
    const user = await newUser();
    await change(column, value, user);
    expect(await lockUnchanged(user)).toBeUndefined();
  });

  it('is not there if the user has no second factor any more, unless that makes no difference', async () => {
    const user = await newUser();
    const { id, passwordChangedAt } = user;
    expect(await lockUnchanged({ ...user, hasSecondFactor: true })).toBeUndefined();
    expect(await lockUnchanged({ id, passwordChangedAt, hasSecondFactor: 'any' })).toEqual(user);
    await change('is_disabled', 'true', user);
    expect(await lockUnchanged({ id, passwordChangedAt, hasSecondFactor: 'any' })).toBeUndefined();
  });

  it('is not there if the user was removed', async () => {
    expect(await lockUnchanged({ ...(await newUser()), id: randomUUID() })).toBeUndefined();
  });
});
