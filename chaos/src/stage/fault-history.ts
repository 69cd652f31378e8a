import type { Fault } from '../plan/fault-plan.js';

/** A fault as it came: from when to when it was there. */
export interface FaultWindow {
  readonly fault: Fault;
  readonly fromMs: number;
  /** Infinity until it is mended. */
  readonly toMs: number;
}

/** What was broken when. Times are on the monotonic clock of the run, in milliseconds. */
export class FaultHistory {
  readonly windows: FaultWindow[] = [];

  began(fault: Fault, fromMs: number): FaultWindow {
    const window = { fault, fromMs, toMs: Infinity };
    this.windows.push(window);
    return window;
  }

  ended(window: FaultWindow, toMs: number): FaultWindow {
    const ended = { ...window, toMs };
    this.windows[this.windows.indexOf(window)] = ended;
    return ended;
  }

  /** What was broken at some time between these, or less than `afterMs` before. */
  between(fromMs: number, toMs: number, afterMs = 0): FaultWindow[] {
    return this.windows.filter((window) => window.fromMs <= toMs && window.toMs + afterMs > fromMs);
  }
}
