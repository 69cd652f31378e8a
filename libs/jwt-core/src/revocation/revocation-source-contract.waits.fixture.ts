import { expect, it } from 'vitest';
import { jti, lines, type AskedSource } from './source-under-test.fixture.js';

/** How the reads of a source wait and end. */
export function waitsContract({ ask, revoke }: AskedSource): void {
  it('answers without entries once the wait is over, with a cursor to go on from', async () => {
    await revoke([jti()]);
    const { cursor } = await ask();
    const startedAt = performance.now();
    const quiet = await ask(cursor, 1);
    expect(performance.now() - startedAt).toBeGreaterThan(900);
    expect(quiet).toMatchObject({ reset: false, more: false, entries: [] });
    const added = jti();
    await revoke([added]);
    expect(lines((await ask(quiet.cursor)).entries)).toEqual(lines([added]));
  });

  it('answers all waiting reads as soon as an entry is added', async () => {
    const { cursor } = await ask();
    const waiting = Array.from({ length: 5 }, () => ask(cursor, 20));
    const first = await Promise.race([...waiting, ask(cursor, 1)]);
    expect(first.entries).toEqual([]);
    const added = jti();
    const startedAt = performance.now();
    await revoke([added]);
    for (const batch of await Promise.all(waiting)) {
      expect(lines(batch.entries)).toEqual(lines([added]));
    }
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it('ends when the signal aborts', async () => {
    const { cursor } = await ask();
    const caller = new AbortController();
    const waiting = ask(cursor, 20, caller.signal);
    await ask(cursor, 1);
    const startedAt = performance.now();
    caller.abort();
    await expect(waiting).rejects.toThrow();
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it('does not begin when the signal has aborted before', async () => {
    const { cursor } = await ask();
    const startedAt = performance.now();
    await expect(ask(cursor, 20, AbortSignal.abort())).rejects.toThrow();
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it('continues for other reads when one is aborted', async () => {
    const { cursor } = await ask();
    const caller = new AbortController();
    const gone = ask(cursor, 20, caller.signal);
    const waiting = ask(cursor, 20);
    await ask(cursor, 1);
    caller.abort();
    await expect(gone).rejects.toThrow();
    const added = jti();
    await revoke([added]);
    expect(lines((await waiting).entries)).toEqual(lines([added]));
  });
}
