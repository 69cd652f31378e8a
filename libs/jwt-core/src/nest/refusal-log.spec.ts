import { expect, it, vi } from 'vitest';
import { RefusalLog } from './refusal-log.js';

function makeLog() {
  const debug = vi.fn<(line: string) => void>();
  const clock = { ms: 5_000 };
  const log = new RefusalLog({ debug }, () => clock.ms);
  return { clock, log, lines: () => debug.mock.calls.splice(0).map(([line]) => line) };
}

it('logs a reason once in ten seconds, and then how often it was left out', () => {
  const { clock, log, lines } = makeLog();
  for (let i = 0; i < 5; i++) log.note('a');
  log.note('b');
  clock.ms += 9_999;
  log.note('a');
  expect(lines()).toEqual(['a', 'b']);
  clock.ms += 1;
  log.note('a');
  log.note('b');
  expect(lines()).toEqual(['a (and 5 times before)', 'b']);
});

it('does not count what is long past', () => {
  const { clock, log, lines } = makeLog();
  for (let i = 0; i < 5; i++) log.note('a');
  clock.ms += 20_000;
  log.note('a');
  expect(lines()).toEqual(['a', 'a']);
});

it('logs and remembers a bounded number of reasons', () => {
  const { log, lines } = makeLog();
  for (let i = 0; i < 1_000; i++) log.note(`reason ${i}`);
  expect(lines()).toHaveLength(50);
});
