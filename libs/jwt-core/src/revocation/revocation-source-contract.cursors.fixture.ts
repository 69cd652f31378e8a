import { expect, it } from 'vitest';
import type { RevocationBatch } from './revocation-source.js';
import { jti, lines, type AskedSource } from './source-under-test.fixture.js';

const many = (count: number) => Array.from({ length: count }, () => jti());

/** How a source treats cursors, its own and others, and more entries than fit into an answer. */
export function cursorsContract({ ask, foreignCursor, revoke }: AskedSource): void {
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
