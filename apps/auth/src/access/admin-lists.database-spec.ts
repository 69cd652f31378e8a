import { createHash } from 'node:crypto';

import { beforeAll, describe, expect, it } from 'vitest';

import { AuthApp, type Answer } from '../testing/auth-app.fixture.js';

interface List {
  readonly items: readonly { readonly id: string; readonly kind?: string }[];
  readonly nextCursor: string | null;
}

const LISTS = ['users', 'revocations', 'audit'] as const;
const ROWS = 3_000;

const auth = AuthApp.forFile({ SEED_DEMO: 'on' });
let admin: string;
beforeAll(async () => {
  ({ access_token: admin } = await auth.login('admin@example.com'));
  // One statement each: all rows have the same instant, with microseconds.
  await auth.dataSource.query(
    `INSERT INTO users (id, email, email_key, password_hash, roles, is_disabled, claims, created_at,
       password_changed_at)
     SELECT gen_random_uuid(), n || '@example.com', n || '@example.com', '', '{}', false, '{}',
       '2026-01-02 03:04:05.678901Z', now() FROM generate_series(1, ${ROWS}) AS n`,
  );
  await auth.dataSource.query(
    `INSERT INTO revoked_tokens (kind, id, exp)
     SELECT 'jti', 'token-' || n, 9999999999 FROM generate_series(1, ${ROWS}) AS n`,
  );
  await auth.dataSource.query(
    `INSERT INTO audit_events (at, action, detail)
     SELECT '2026-01-02 03:04:05.678901Z', 'user.created', '{}' FROM generate_series(1, ${ROWS})`,
  );
});

const get = (list: string, query: Record<string, string>): Promise<Answer<List>> =>
  auth.call('GET', `/admin/${list}?${new URLSearchParams(query).toString()}`, { token: admin });

describe.each(LISTS)('the pages of %s', (list) => {
  it('show each of thousands of rows of one instant once', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: Record<string, string> = { limit: '97', ...(cursor && { cursor }) };
      const { body }: Answer<List> = await get(list, query);
      seen.push(...body.items.map(({ kind = '', id }) => `${kind} ${id}`));
      cursor = body.nextCursor;
    } while (cursor !== null);
    expect(seen.length).toBeGreaterThanOrEqual(ROWS);
    expect(new Set(seen).size).toBe(seen.length);
  });

  it.each([
    ['no members', []],
    ['empty members', ['', '', '']],
    ['NUL', ['1', 'jti', '\0']],
    ['NUL instead of a kind', ['1', '\0', 'x']],
    ['a number that is too large', ['18446744073709551616', 'jti', 'x']],
    ['a negative number', ['-1', '-1', '-1']],
    ['an id that is none', ['1', 'x']],
    ['letters for the id of an event', ['abc']],
    ['letters for a transaction', ['abc', 'jti', 'x']],
    ['an instant that is too large', ['99999999999999999999', 'x']],
    ['a number beyond the ids of events', ['9223372036854775808']],
    ['no text', [1]],
    ['an object', { a: 1 }],
    ['null', null],
  ])('refuse a forged cursor with %s', async (_, content) => {
    const bytes = Buffer.from(JSON.stringify(content));
    const checksum = createHash('sha256').update(`${list}\n`).update(bytes).digest();
    const cursor = Buffer.concat([checksum.subarray(0, 8), bytes]).toString('base64url');
    expect(await get(list, { cursor })).toMatchObject({
      status: 400,
      body: { code: 'invalid_input', errors: [{ path: 'cursor' }] },
    });
  });

  it.each(['', 'AAAAAAAAAAA', '%', 'x'.repeat(5_000), '[]'])(
    'refuse the cursor %s',
    async (cursor) => {
      expect(await get(list, { cursor })).toMatchObject({
        status: 400,
        body: { code: 'invalid_input' },
      });
    },
  );
});
