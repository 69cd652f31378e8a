import { untilAborted } from './until-aborted.js';

/** Why a wait ended: there is something new, or its time is over. */
export type WaitOutcome = 'news' | 'over';

/** The reads that wait for something new. */
export class WaitingReads {
  private readonly waiting = new Set<(outcome: WaitOutcome) => void>();

  get size(): number {
    return this.waiting.size;
  }

  /** @throws RevocationSourceError `aborted` */
  async wait(forMs: number, signal: AbortSignal | undefined): Promise<WaitOutcome> {
    let wake: (outcome: WaitOutcome) => void = () => undefined;
    const woken = new Promise<WaitOutcome>((resolve) => (wake = resolve));
    const timer = setTimeout(() => wake('over'), forMs);
    this.waiting.add(wake);
    try {
      return await untilAborted(woken, signal);
    } finally {
      clearTimeout(timer);
      this.waiting.delete(wake);
    }
  }

  wakeAll(outcome: WaitOutcome): void {
    for (const wake of this.waiting) wake(outcome);
  }
}
