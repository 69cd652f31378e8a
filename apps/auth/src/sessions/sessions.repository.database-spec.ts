import { expect, it } from 'vitest';

import { said } from '../factors/authenticator.fixture.js';
import { AuthApp } from '../testing/auth-app.fixture.js';
import { SessionsRepository } from './sessions.repository.js';

const auth = AuthApp.forFile();

it('an open session that is locked is ended by nobody else', async () => {
  await auth.register('locked@example.com');
  const { sub, sid } = said((await auth.login('locked@example.com')).access_token);
  const free = await auth.dataSource.transaction(async (manager) => {
    const session = await auth.get(SessionsRepository).lockOpen(manager, sid, sub);
    expect(session).toMatchObject({ id: sid, userId: sub });
    const sql = 'SELECT FROM sessions WHERE id = $1 FOR SHARE SKIP LOCKED';
    return auth.dataSource.query<object[]>(sql, [sid]);
  });
  expect(free).toEqual([]);
});
