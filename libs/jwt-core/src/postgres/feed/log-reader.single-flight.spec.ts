import { expect, it } from 'vitest';
import { singleFlight } from './log-reader.js';

/** Work that ends when told to, and counts. */
function controlled() {
  const ends: ((result: string | Error) => void)[] = [];
  const begin = singleFlight(
    () =>
      new Promise<string>((resolve, reject) => {
        ends.push((result) => (typeof result === 'string' ? resolve(result) : reject(result)));
      }),
  );
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { begin, ends, turn };
}

it('runs once for all who ask before it begins', async () => {
  const { begin, ends, turn } = controlled();
  const asked = [begin(), begin(), begin()];
  await turn();
  expect(ends).toHaveLength(1);
  ends[0]!('one');
  expect(await Promise.all(asked)).toEqual(['one', 'one', 'one']);
});

it('never gives a run that began before one asked, and runs once more for all of those', async () => {
  const { begin, ends, turn } = controlled();
  const first = begin();
  await turn();
  const late = [begin(), begin()];
  await turn();
  expect(ends).toHaveLength(1);
  ends[0]!('one');
  expect(await first).toBe('one');
  await turn();
  expect(ends).toHaveLength(2);
  ends[1]!('two');
  expect(await Promise.all(late)).toEqual(['two', 'two']);
});

it('tells of a failure those whose run it was, and runs for the others', async () => {
  const { begin, ends, turn } = controlled();
  const first = begin();
  await turn();
  const second = begin();
  ends[0]!(new Error('no'));
  await expect(first).rejects.toThrow('no');
  await turn();
  ends[1]!('two');
  expect(await second).toBe('two');
});
