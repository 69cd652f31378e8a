import { afterAll, beforeAll, expect, it } from 'vitest';

import { AuthApp } from '../testing/auth-app.fixture.js';
import { AuditService } from './audit.service.js';

let auth: AuthApp;
beforeAll(async () => {
  auth = await AuthApp.start();
});
afterAll(() => auth.close());

it.each([
  `UPDATE audit_events SET actor = 'someone else'`,
  'DELETE FROM audit_events',
  'TRUNCATE audit_events',
])('the database refuses %s', async (statement) => {
  await auth.register(`${statement.slice(0, 6).toLowerCase()}@example.com`);
  await expect(auth.dataSource.query(statement)).rejects.toThrow('append-only');
});

it('an event is rolled back with the transaction that it describes', async () => {
  const failed = auth.dataSource.transaction(async (manager) => {
    await auth.get(AuditService).record(manager, {
      action: 'user.password_changed',
      actor: 'undone',
      subject: null,
    });
    throw new Error('undone');
  });
  await expect(failed).rejects.toThrow('undone');
  const events = await auth.dataSource.query<object[]>(
    `SELECT FROM audit_events WHERE actor = 'undone'`,
  );
  expect(events).toEqual([]);
});
