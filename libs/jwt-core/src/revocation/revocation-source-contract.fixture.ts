import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RevocationBatch, RevocationSource } from './revocation-source.js';
import type { Revocation } from './revocation.js';

/** A source over a list of its own, empty at first. */
interface SourceUnderTest {
  readonly source: RevocationSource;
  /** Adds entries, as one action would, and returns when they are committed. */
  revoke(revocations: readonly Revocation[]): Promise<void>;
  /** A cursor that another list of the same kind gave. */
  foreignCursor(): Promise<string>;
  close(): Promise<void>;
}

/** The source of the test that runs. */
interface AskedSource {
  readonly ask: (
    after?: string,
    waitSeconds?: number,
    signal?: AbortSignal,
  ) => Promise<RevocationBatch>;
  readonly revoke: (revocations: readonly Revocation[]) => Promise<void>;
  readonly foreignCursor: () => Promise<string>;
}

const nowSeconds = () => Math.floor(Date.now() / 1000);
const jti = (exp = nowSeconds() + 900): Revocation => ({
  kind: 'jti',
  id: randomUUID(),
  exp,
});
/** Entries as they can be compared, in whatever order they were given. */
const lines = (entries: readonly Revocation[]) =>
  entries.map(({ kind, id, exp, before }) => [kind, id, exp, before].join(' ')).sort();

/** What every `RevocationSource` promises, to be run over each of them. */
export function revocationSourceContract(
  name: string,
  setup: () => Promise<SourceUnderTest>,
): void {
  describe(`${name} as a source of revocations`, { timeout: 60_000 }, () => {
    let subject: SourceUnderTest;
    beforeEach(async () => {
      subject = await setup();
    });
    afterEach(() => subject.close());

    const asked: AskedSource = {
      ask: (after, waitSeconds = 0, signal) =>
        subject.source.read(after, { waitSeconds, ...(signal && { signal }) }),
      revoke: (revocations) => subject.revoke(revocations),
      foreignCursor: () => subject.foreignCursor(),
    };
    entriesContract(asked);
    waitsContract(asked);
    cursorsContract(asked);
  });
}

/** Which entries a source returns, and when. */
function entriesContract({ ask, revoke }: AskedSource): void {
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

/** Reads that began before wait by then. */
const LONG_ENOUGH_SECONDS = 0.1;

/** How the reads of a source wait and end. */
function waitsContract({ ask, revoke }: AskedSource): void {
  it('answers without entries once the wait is over, with a cursor to go on from', async () => {
    await revoke([jti()]);
    const { cursor } = await ask();
    const startedAt = performance.now();
    const quiet = await ask(cursor, 0.3);
    expect(performance.now() - startedAt).toBeGreaterThan(270);
    expect(quiet).toMatchObject({ reset: false, more: false, entries: [] });
    const added = jti();
    await revoke([added]);
    expect(lines((await ask(quiet.cursor)).entries)).toEqual(lines([added]));
  });

  it('answers all waiting reads as soon as an entry is added', async () => {
    const { cursor } = await ask();
    const waiting = Array.from({ length: 5 }, () => ask(cursor, 20));
    const first = await Promise.race([...waiting, ask(cursor, LONG_ENOUGH_SECONDS)]);
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
    await ask(cursor, LONG_ENOUGH_SECONDS);
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
    await ask(cursor, LONG_ENOUGH_SECONDS);
    caller.abort();
    await expect(gone).rejects.toThrow();
    const added = jti();
    await revoke([added]);
    expect(lines((await waiting).entries)).toEqual(lines([added]));
  });
}

const many = (count: number) => Array.from({ length: count }, () => jti());

/** How a source treats cursors, its own and others, and more entries than fit into an answer. */
function cursorsContract({ ask, foreignCursor, revoke }: AskedSource): void {
  /** Reads on until nothing is left, as a follower does. */
  async function readAll(after?: string): Promise<RevocationBatch[]> {
    const pages = [await ask(after)];
    while (pages.at(-1)!.more) pages.push(await ask(pages.at(-1)!.cursor));
    return pages;
  }

  it('returns the same to repeated and to simultaneous reads with one cursor', async () => {
    const { cursor } = await ask();
    const added = many(3);
    await revoke(added);
    const [one, two] = await Promise.all([ask(cursor), ask(cursor)]);
    const three = await ask(cursor);
    for (const batch of [one, two, three]) {
      expect(batch.reset).toBe(false);
      expect(lines(batch.entries)).toEqual(lines(added));
    }
  });

  it.each([
    ['an empty one', ''],
    ['a word', 'cursor'],
    ['a number', '0'],
    ['a negative number', '-1'],
    ['a very large number', '9'.repeat(60)],
    ['numbers in a row', '1:1:1'],
    ['quotes', "' OR 1=1 --"],
    ['JSON', '{"a":[1]}'],
    ['base64 of nothing known', 'eyJ4IjoxfQ'],
    ['a NUL and an emoji', '\u0000\u{1f511}'],
    ['half a surrogate pair', '\ud800'],
    ['a megabyte', 'x'.repeat(1_000_000)],
  ])('returns a snapshot for a made-up cursor: %s', async (_, cursor) => {
    const entry = jti();
    await revoke([entry]);
    const batch = await ask(cursor, 20);
    expect(batch).toMatchObject({ reset: true, more: false });
    expect(lines(batch.entries)).toEqual(lines([entry]));
  });

  it('returns a snapshot for a cursor of another list', async () => {
    const entry = jti();
    await revoke([entry]);
    const batch = await ask(await foreignCursor(), 20);
    expect(batch.reset).toBe(true);
    expect(lines(batch.entries)).toEqual(lines([entry]));
  });

  it('answers a cursor that was cut or extended', async () => {
    const { cursor } = await ask();
    for (const mangled of [cursor.slice(0, -1), cursor.slice(1), `${cursor}x`, `x${cursor}`]) {
      const batch = await ask(mangled);
      expect(batch.cursor).toMatch(/./);
    }
  });

  it('returns a long snapshot page by page, and what is added meanwhile', async () => {
    const entries = many(10_050);
    await revoke(entries);
    const first = await ask();
    expect(first).toMatchObject({ reset: true, more: true });
    expect(first.entries.length).toBeLessThanOrEqual(10_000);
    const late = jti();
    await revoke([late]);
    const rest = await readAll(first.cursor);
    const following = await readAll(rest.at(-1)!.cursor);
    const pages = [first, ...rest, ...following];
    expect(pages.filter(({ reset }) => reset)).toHaveLength(1);
    const found = new Set(lines(pages.flatMap((page) => page.entries)));
    expect([...found].sort()).toEqual(lines([...entries, late]));
  });

  it('returns long changes page by page', async () => {
    const { cursor } = await ask();
    const entries = many(10_050);
    await revoke(entries);
    const pages = await readAll(cursor);
    expect(pages.length).toBeGreaterThan(1);
    expect(Math.max(...pages.map((page) => page.entries.length))).toBeLessThanOrEqual(10_000);
    expect(pages.some(({ reset }) => reset)).toBe(false);
    const found = new Set(lines(pages.flatMap((page) => page.entries)));
    expect([...found].sort()).toEqual(lines(entries));
  });
}
