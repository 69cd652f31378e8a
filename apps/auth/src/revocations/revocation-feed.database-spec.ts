import { connect } from 'node:net';

import { PostgresRevocationSource } from '@jwt-auth/jwt-core/postgres';
import { describe, expect, it, vi } from 'vitest';

import { EncryptionKeys } from '../keys/key-encryption.js';
import { KeyRing } from '../keys/key-ring.js';
import { KeysRepository } from '../keys/keys.repository.js';
import { newSigningKey } from '../keys/new-signing-key.js';
import { AuthApp } from '../testing/auth-app.fixture.js';
import { RevocationsService } from './revocations.service.js';

interface Page {
  readonly cursor: string;
  readonly reset: boolean;
  readonly more: boolean;
  readonly jwks: string;
  readonly entries: readonly { kind: string; id: string; exp: number; before?: number }[];
}

const auth = AuthApp.forFile();

const inAnHour = Math.floor(Date.now() / 1000) + 3600;

async function read(query = '', app = auth): Promise<Page> {
  const { status, body } = await app.call<Page>('GET', `/revocations${query}`);
  expect(status).toBe(200);
  return body;
}

const after = (cursor: string, wait = 0): string =>
  `?${new URLSearchParams({ after: cursor, wait: String(wait) }).toString()}`;

async function revoke(id: string): Promise<void> {
  await auth.dataSource.transaction((manager) =>
    auth.get(RevocationsService).revoke(manager, [{ kind: 'jti', id, exp: inAnHour }]),
  );
}

describe('the feed', () => {
  it('is public, never cached, and starts with a snapshot', async () => {
    await revoke('first');
    const answer = await auth.call<Page>('GET', '/revocations');
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store',
      'content-type': 'application/json; charset=utf-8',
    });
    expect(answer.body).toMatchObject({
      reset: true,
      more: false,
      jwks: auth.get(KeyRing).fingerprint,
    });
    expect(Object.keys(answer.body)).toEqual(['cursor', 'reset', 'more', 'jwks', 'entries']);
    expect(answer.body.entries).toContainEqual({ kind: 'jti', id: 'first', exp: inAnHour });
  });

  it('sends with `details` from which second on it leaves out expired entries', async () => {
    const answer = await auth.call<Page>('GET', '/revocations?details=true');
    expect(answer.body).toMatchObject({ reset: true, expiredBefore: expect.any(Number) as number });
  });

  it('sends what was added since the cursor', async () => {
    const { cursor } = await read();
    expect(await read(after(cursor))).toMatchObject({ reset: false, more: false, entries: [] });
    await revoke('second');
    expect(await read(after(cursor, 5))).toMatchObject({
      reset: false,
      entries: [{ kind: 'jti', id: 'second', exp: inAnHour }],
    });
  });

  it('sends a client revocation with its second and its version', async () => {
    const { cursor } = await read();
    const revocation = {
      kind: 'client',
      id: 'worker',
      exp: inAnHour,
      before: inAnHour - 10,
    } as const;
    await auth.dataSource.transaction((manager) =>
      auth.get(RevocationsService).revoke(manager, [revocation]),
    );
    expect((await read(after(cursor, 5))).entries).toEqual([
      { ...revocation, tokenVersion: expect.any(Number) as number },
    ]);
  });

  it('sends nothing of a transaction that failed', async () => {
    const { cursor } = await read();
    const failed = auth.dataSource.transaction(async (manager) => {
      const entry = { kind: 'jti', id: 'undone', exp: inAnHour } as const;
      await auth.get(RevocationsService).revoke(manager, [entry]);
      throw new Error('undone');
    });
    await expect(failed).rejects.toThrow('undone');
    await revoke('done');
    const { entries } = await read(after(cursor, 5));
    expect(entries.map(({ id }) => id)).toEqual(['done']);
  });

  it.each([
    ['an empty cursor', '?after='],
    ['a word', '?after=x'],
    ['text in the form of a cursor', '?after=x.y'],
    ['a very long cursor', `?after=${'x'.repeat(5000)}.y`],
    ['two cursors', '?after=a.b&after=c.d'],
    ['broken escapes', '?after=%ff.%fe'],
    ['NUL', '?after=%00.%00'],
  ])('answers %s with a snapshot, at once', async (_, query) => {
    expect(await read(`${query}&wait=25`)).toMatchObject({ reset: true });
  });

  it.each(['', 'x', '-5', 'NaN', '-Infinity', '0'])(
    'does not wait for %j seconds',
    async (wait) => {
      const { cursor } = await read();
      const query = new URLSearchParams({ after: cursor, wait }).toString();
      expect((await read(`?${query}`)).entries).toEqual([]);
    },
  );
});

describe('a waiting request', () => {
  it('is answered as soon as an entry is added', async () => {
    const { cursor } = await read();
    const answer = read(after(cursor, 20));
    await revoke('awaited');
    expect((await answer).entries.map(({ id }) => id)).toEqual(['awaited']);
  });

  it('is answered without entries when its time is over, with a valid cursor', async () => {
    const { cursor } = await read();
    const begun = performance.now();
    const page = await read(after(cursor, 0.3));
    expect(page).toMatchObject({ reset: false, more: false, entries: [] });
    expect(performance.now() - begun).toBeGreaterThan(250);
  });

  it('is answered at once when the keys change, but only once', async () => {
    const { cursor, jwks } = await read();
    const answer = read(after(cursor, 20));
    const next = await newSigningKey('next', auth.get(EncryptionKeys));
    const keys = auth.get(KeysRepository);
    // In one transaction: the app itself makes a next key as soon as it finds none.
    await keys.change(async (manager) => {
      await manager.query(
        `UPDATE signing_keys SET state = 'retired', retired_at = now(), private_key = NULL
         WHERE state = 'next'`,
      );
      await keys.insert(manager, next, new Date());
    });
    await auth.get(KeyRing).reload();
    const page = await answer;
    expect(page).toMatchObject({ reset: false, entries: [], jwks: auth.get(KeyRing).fingerprint });
    expect(page.jwks).not.toBe(jwks);
    // A reader that knows the old keys does not wait; one that knows the new keys does.
    expect((await read(after(cursor, 20))).jwks).toBe(page.jwks);
    const begun = performance.now();
    await read(after(page.cursor, 0.3));
    expect(performance.now() - begun).toBeGreaterThan(250);
  });

  it('ends when its client disconnects', async () => {
    const { cursor } = await read();
    const gone = new AbortController();
    const options = { waitSeconds: 20, signal: gone.signal };
    const answer = auth.get(PostgresRevocationSource).read(cursor, options);
    gone.abort();
    await expect(answer).rejects.toMatchObject({ code: 'aborted' });
  });

  it('ends with its connection, even behind other unanswered requests on it', async () => {
    const address = new URL(await auth.listen());
    const source = auth.get(PostgresRevocationSource);
    const { cursor } = await read();
    const socket = connect(Number(address.port), address.hostname);
    const request = `GET /revocations${after(cursor, 25)} HTTP/1.1\r\nHost: ${address.host}\r\n\r\n`;
    socket.write(request.repeat(8));
    // One of the reads is that of the app's own list.
    await expect.poll(() => source.waitingReads).toBeGreaterThan(1);
    socket.destroy();
    await expect.poll(() => source.waitingReads).toBeLessThanOrEqual(1);
  });

  it('is answered when the process stops', async () => {
    const stopping = await AuthApp.start({ DATABASE_URL: auth.databaseUrl });
    const address = await stopping.listen();
    const { cursor } = await read('', stopping);
    const begun = performance.now();
    const answer = fetch(`${address}/revocations${after(cursor, 20)}`);
    await expect.poll(() => stopping.get(PostgresRevocationSource).waitingReads).toBe(2);
    await stopping.close();
    expect(await (await answer).json()).toMatchObject({ reset: false, entries: [] });
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});

describe('when the list cannot be read', () => {
  it('answers 503, and never an empty list', async () => {
    const alone = await AuthApp.start();
    await alone.dataSource.query('ALTER TABLE revoked_tokens RENAME TO away');
    await expect
      .poll(() => alone.call('GET', '/revocations'))
      .toMatchObject({
        status: 503,
        headers: { 'retry-after': expect.stringMatching(/^[1-9]\d*$/) as string },
        body: { code: 'revocations_stale' },
      });
    await alone.close();
  });

  it('does not hide an error of another kind behind that', async () => {
    const alone = await AuthApp.start();
    vi.spyOn(alone.get(PostgresRevocationSource), 'read').mockRejectedValue(new TypeError('a bug'));
    const { status, body } = await alone.call('GET', '/revocations');
    expect([status, body.code]).toEqual([500, 'internal_error']);
    await alone.close();
  });
});

it('sends at most two thousand entries in an answer', async () => {
  const many = await AuthApp.start();
  await many.dataSource.transaction((manager) =>
    many.get(RevocationsService).revoke(
      manager,
      Array.from({ length: 2_001 }, (_, n) => ({ kind: 'jti', id: `id-${n}`, exp: inAnHour })),
    ),
  );
  const first = await read('', many);
  expect(first).toMatchObject({ reset: true, more: true });
  expect(first.entries).toHaveLength(2_000);
  const second = await read(after(first.cursor), many);
  expect(second).toMatchObject({ reset: false, more: false });
  expect(second.entries).toHaveLength(1);
  await many.close();
});
