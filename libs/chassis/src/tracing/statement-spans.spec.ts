import { expect, it } from 'vitest';

import { summaryOf } from './statement-spans.js';

it.each<[string, string, string | undefined]>([
  ['SELECT "u"."id" FROM "users" "u" WHERE "u"."email" = $1', 'SELECT', 'users'],
  ['select 1', 'SELECT', undefined],
  ['INSERT INTO sessions (id) SELECT id FROM users', 'INSERT', 'sessions'],
  ['UPDATE ONLY public.users SET name = $1 FROM roles', 'UPDATE', 'users'],
  ['DELETE FROM "public"."users"', 'DELETE', 'users'],
  ['SELECT id FROM users FOR UPDATE SKIP LOCKED', 'SELECT', 'users'],
  ['WITH due AS (SELECT id FROM jobs FOR UPDATE) DELETE FROM mails USING due', 'DELETE', 'mails'],
  ['WITH due AS (SELECT id FROM jobs FOR NO KEY UPDATE) SELECT * FROM due', 'SELECT', 'jobs'],
  ['WITH a AS (UPDATE jobs SET x = 1 RETURNING id) SELECT * FROM a', 'UPDATE', 'jobs'],
  ['WITH a AS (INSERT INTO jobs VALUES (1) ON CONFLICT DO UPDATE SET x = 1) SELECT 1', 'INSERT', 'jobs'], // oxfmt-ignore
  ['WITH a AS (INSERT INTO tokens VALUES (1)) INSERT INTO sessions VALUES (2)', 'INSERT', 'sessions'], // oxfmt-ignore
  ['SELECT extract(epoch FROM now()), a IS DISTINCT FROM b FROM clocks', 'SELECT', 'clocks'],
  ['SELECT extract(epoch FROM at) FROM clocks', 'SELECT', 'clocks'],
  ["SELECT 'a password from secrets', $x$ from more $x$ FROM users", 'SELECT', 'users'],
  ['-- from comments\n/* from others */ SELECT id FROM users', 'SELECT', 'users'],
  ['SELECT * FROM generate_series(1, 2), users', 'SELECT', undefined],
  ['START TRANSACTION', 'START', undefined],
  ['COMMIT', 'COMMIT', undefined],
  ['TRUNCATE TABLE users', 'TRUNCATE', 'users'],
  ['(SELECT id FROM users)', 'SELECT', 'users'],
  ['', '_OTHER', undefined],
  ['\u0000\ud800 ; 1', '_OTHER', undefined],
])('of %j it names the operation and the table', (text, operation, table) => {
  expect(summaryOf(text)).toEqual({ operation, table });
  expect(summaryOf(text)).toBe(summaryOf(text));
});

it('keeps a thousand texts at most', () => {
  const first = summaryOf('SELECT 0');
  for (let count = 1; count <= 1_000; count += 1) summaryOf(`SELECT ${count}`);
  expect(summaryOf('SELECT 0')).not.toBe(first);
});

it('takes no time for a long text', () => {
  const texts = ['(', "'", '-', '/*', 'WITH ', 'FROM ', ' ', '$a$', 'FOR ', '"a".'];
  for (const text of texts) expect(summaryOf(text.repeat(50_000)).table).not.toBe(null);
});
