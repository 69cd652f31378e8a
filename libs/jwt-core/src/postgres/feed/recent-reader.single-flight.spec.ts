import { expect, it } from 'vitest';
import { singleFlight } from './recent-reader.js';

/** Work that the test ends, and that counts its runs. */
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

it('runs once for all callers before it begins', async () => {
  const { begin, ends, turn } = controlled();
  const asked = [begin(), begin(), begin()];
  await turn();
  expect(ends).toHaveLength(1);
  ends[0]!('one');
  expect(await Promise.all(asked)).toEqual(['one', 'one', 'one']);
});

it('never shares a run that began before the call, and runs once more for all such callers', async () => {
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

it('rejects for the callers of a failed run, and runs again for the others', async () => {
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
