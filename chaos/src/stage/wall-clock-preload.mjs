// Loaded with `--import` into a process whose wall clock is moved. `Date` then returns a time that
// is off by the seconds in a file; monotonic clocks are not changed.
import { readFileSync } from 'node:fs';
import { setInterval } from 'node:timers';

const file = process.env['CHAOS_CLOCK_FILE'] ?? '';
const RealDate = Date;
let shiftMs = 0;

function look() {
  shiftMs = 1000 * Number(readFileSync(file, 'utf8'));
}
look();
setInterval(look, 50).unref();

globalThis.Date = new Proxy(RealDate, {
  /** @param {unknown[]} given */
  construct: (_target, given, self) =>
    Reflect.construct(RealDate, given.length > 0 ? given : [RealDate.now() + shiftMs], self),
  apply: () => new RealDate(RealDate.now() + shiftMs).toString(),
  get: (_target, name, self) =>
    name === 'now' ? () => RealDate.now() + shiftMs : Reflect.get(RealDate, name, self),
});
