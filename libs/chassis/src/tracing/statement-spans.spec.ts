import { expect, it } from 'vitest';

import { summaryOf } from './statement-spans.js';

it.each([
  ['SELECT "u"."id" AS "u_id" FROM "users" "u" WHERE "u"."email" = $1', 'SELECT', 'users'],
  ['SELECT extract(epoch FROM "o"."at") AS "age" FROM "orders" "o"', 'SELECT', 'orders'],
  ['INSERT INTO "sessions"("id") VALUES ($1) RETURNING "at"', 'INSERT', 'sessions'],
  ['UPDATE "users" SET "name" = $1 WHERE "id" IN ($2)', 'UPDATE', 'users'],
  ['DELETE FROM "users" WHERE "id" = $1', 'DELETE', 'users'],
])(
  'of %j, as TypeORM writes it, it names the operation and the table',
  (text, operation, table) => {
    expect(summaryOf({ text })).toEqual({ name: `${operation} ${table}`, operation, table });
  },
);

it.each([
  ['select 1', 'SELECT'],
  ['SELECT id FROM users FOR UPDATE SKIP LOCKED', 'SELECT'],
  ['WITH due AS (SELECT id FROM jobs) DELETE FROM mails USING due', 'WITH'],
  ['(SELECT id FROM users)', 'SELECT'],
  ['START TRANSACTION', 'START'],
  ['COMMIT', 'COMMIT'],
  ['', '_OTHER'],
  ['\u0000\ud800 ; 1', '_OTHER'],
  [undefined, '_OTHER'],
])('of %j, which is written by hand, it names the first word', (text, operation) => {
  expect(summaryOf({ text })).toEqual({ name: operation, operation, table: undefined });
});

it('of a statement with a name it has that', () => {
  expect(summaryOf({ name: 'sessions.find', text: 'SELECT id FROM "sessions"' })).toEqual({
    name: 'sessions.find',
    operation: 'SELECT',
    table: undefined,
  });
});

it('takes no time for a long text', () => {
  const texts = ['(', "'", '-', '/*', 'WITH ', 'FROM ', ' ', 'FROM "', '"a".'];
  for (const text of texts) expect(summaryOf({ text: text.repeat(50_000) }).table).not.toBe(null);
});
