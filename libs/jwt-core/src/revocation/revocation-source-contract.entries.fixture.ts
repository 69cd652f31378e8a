import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Revocation } from './revocation.js';
import { jti, lines, nowSeconds, type AskedSource } from './source-under-test.fixture.js';

/** Which entries a source returns, and when. */
export function entriesContract({ ask, revoke }: AskedSource): void {
  it('answers with an empty snapshot at once while there is nothing', async () => {
    const startedAt = performance.now();
    const batch = await ask(undefined, 20);
    expect(batch).toMatchObject({ reset: true, more: false, entries: [] });
    expect(batch.cursor).toMatch(/./);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it('returns entries of every kind as they were added', async () => {
    const exp = nowSeconds() + 900;
    const entries: Revocation[] = [
      { kind: 'jti', id: randomUUID(), exp },
      { kind: 'sid', id: randomUUID(), exp: exp + 1 },
      { kind: 'client', id: 'worker', exp: exp + 2, before: exp - 900 },
      { kind: 'kid', id: 'key-1', exp: exp + 3 },
      { kind: 'jti', id: '\'; \u00e9\u{1f511} %00 \\ "', exp },
      { kind: 'kid', id: 'k'.repeat(128), exp },
      { kind: 'jti', id: 'j'.repeat(255), exp },
    ];
    await revoke(entries);
    const batch = await ask();
    expect(batch).toMatchObject({ reset: true, more: false });
    expect(lines(batch.entries)).toEqual(lines(entries));
    expect(batch.entries.filter((entry) => entry.before !== undefined)).toHaveLength(1);
  });

  it('keeps the same id of two kinds apart', async () => {
    const entry = jti();
    await revoke([entry, { ...entry, kind: 'sid' }]);
    expect((await ask()).entries.map(({ kind }) => kind).sort()).toEqual(['jti', 'sid']);
  });

  it('leaves out of a snapshot what expired long ago', async () => {
    const live = jti();
    await revoke([jti(nowSeconds() - 86_400), live]);
    expect(lines((await ask()).entries)).toEqual(lines([live]));
  });

  it('returns what was added since the cursor, at once and nothing else', async () => {
    await revoke([jti()]);
    const { cursor } = await ask();
    const added = [jti(), jti()];
    await revoke(added);
    const startedAt = performance.now();
    const batch = await ask(cursor, 20);
    expect(batch).toMatchObject({ reset: false, more: false });
    expect(lines(batch.entries)).toEqual(lines(added));
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it('returns each entry to every read that begins after its commit', async () => {
    let { cursor } = await ask();
    for (let round = 0; round < 20; round++) {
      const added = jti();
      await revoke([added]);
      const batch = await ask(cursor);
      expect(lines(batch.entries)).toEqual(lines([added]));
      ({ cursor } = batch);
    }
  });

  it('accepts an entry twice, and again with an earlier expiry', async () => {
    const entry = jti();
    await revoke([entry]);
    await revoke([entry]);
    await revoke([{ ...entry, exp: entry.exp - 600 }]);
    const exps = (await ask()).entries.filter(({ id }) => id === entry.id).map(({ exp }) => exp);
    expect(Math.max(...exps)).toBe(entry.exp);
  });

  it('returns an entry again that gets a later expiry or a later second', async () => {
    const exp = nowSeconds() + 900;
    const token: Revocation = { kind: 'jti', id: randomUUID(), exp };
    const client: Revocation = { kind: 'client', id: 'worker', exp, before: exp - 900 };
    await revoke([token, client]);
    const { cursor } = await ask();
    const again = [
      { ...token, exp: exp + 60 },
      { ...client, exp: exp + 60, before: exp - 840 },
    ];
    await revoke(again);
    const { entries } = await ask(cursor);
    expect(lines(entries)).toEqual(lines(again));
    expect(lines((await ask()).entries)).toEqual(expect.arrayContaining(lines(again)));
  });
}
