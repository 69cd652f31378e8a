import { randomUUID } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import type { Revocation } from '../revocation/revocation.js';
import { revocationSourceContract } from '../revocation/revocation-source-contract.fixture.js';
import { MemoryRevocationSource } from './memory-revocation-source.js';

revocationSourceContract('MemoryRevocationSource', async () => {
  const source = new MemoryRevocationSource();
  return {
    source,
    revoke: async (revocations) => source.add(revocations),
    foreignCursor: async () => {
      const other = new MemoryRevocationSource();
      other.add([{ kind: 'jti', id: randomUUID(), exp: Date.now() / 1000 + 900 }]);
      return (await other.read(undefined, { waitSeconds: 0 })).cursor;
    },
    close: async () => undefined,
  };
});

describe('MemoryRevocationSource', () => {
  const entry: Revocation = { kind: 'jti', id: 'one', exp: 1_000 };

  it('leaves out an entry a minute after it expired, by its own clock, and says so', async () => {
    let nowMs = 1_060_999;
    const source = new MemoryRevocationSource({ now: () => nowMs });
    source.add([entry]);
    const ask = () => source.read(undefined, { waitSeconds: 0 });
    expect(await ask()).toMatchObject({ entries: [entry], expiredBefore: 1_000 });
    nowMs = 1_061_000;
    expect(await ask()).toMatchObject({ entries: [], expiredBefore: 1_001 });
  });

  it.each(['', '-1', '1e0', '2', '99', 'x'])(
    'returns a snapshot for a cursor of its own that was changed to the place %j',
    async (place) => {
      const source = new MemoryRevocationSource();
      source.add([{ ...entry, exp: Date.now() / 1000 + 900 }]);
      const { cursor } = await source.read(undefined, { waitSeconds: 0 });
      const bent = cursor.replace(/\.1$/, `.${place}`);
      expect(bent).not.toBe(cursor);
      expect(await source.read(bent, { waitSeconds: 0 })).toMatchObject({ reset: true });
    },
  );

  it('reports the fingerprint of the key set in each batch, if there is one', async () => {
    const knowing = new MemoryRevocationSource({ fingerprint: () => 'one' });
    const { jwks, cursor } = await knowing.read(undefined, { waitSeconds: 0 });
    expect(jwks).toBe('one');
    expect(await knowing.read(cursor, { waitSeconds: 0 })).toMatchObject({ jwks: 'one' });
    const ignorant = await new MemoryRevocationSource().read(undefined, { waitSeconds: 0 });
    expect(ignorant).not.toHaveProperty('jwks');
  });

  it('answers waiting reads when the key set has changed', async () => {
    let fingerprint = 'one';
    const source = new MemoryRevocationSource({ fingerprint: () => fingerprint });
    const { cursor } = await source.read(undefined, { waitSeconds: 0 });
    const waiting = source.read(cursor, { waitSeconds: 60 });
    fingerprint = 'two';
    source.wake();
    expect(await waiting).toMatchObject({ jwks: 'two', reset: false, entries: [] });
  });

  it('answers at once when the key set changed between two questions', async () => {
    let fingerprint = 'one';
    const source = new MemoryRevocationSource({ fingerprint: () => fingerprint });
    const { cursor } = await source.read(undefined, { waitSeconds: 0 });
    fingerprint = 'two';
    const answer = await source.read(cursor, { waitSeconds: 60 });
    expect(answer).toMatchObject({ jwks: 'two', reset: false });
  });

  it('keeps nothing of answered reads', async () => {
    vi.useFakeTimers();
    const cleared = vi.spyOn(globalThis, 'clearTimeout');
    const source = new MemoryRevocationSource();
    const { cursor } = await source.read(undefined, { waitSeconds: 0 });
    const waiting = source.read(cursor, { waitSeconds: 60 });
    source.wake();
    source.wake();
    await waiting;
    expect([vi.getTimerCount(), cleared.mock.calls.length]).toEqual([0, 1]);
    vi.useRealTimers();
  });

  it('leaves no listener on a signal that lives on', async () => {
    const source = new MemoryRevocationSource();
    const { signal } = new AbortController();
    const { cursor } = await source.read(undefined, { waitSeconds: 0, signal });
    const waiting = source.read(cursor, { waitSeconds: 60, signal });
    source.add([entry]);
    await waiting;
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
