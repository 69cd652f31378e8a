import { RevocationSourceError } from '../../revocation/revocation-source.js';
import { untilAborted } from '../../timing/until-aborted.js';

/** Why a wait ended: there is something new, or its time is over. */
export type WaitOutcome = 'news' | 'over';

type Wake = (outcome: WaitOutcome) => void;

/**
 * The reads that wait for something new. When there is room for no more, the caller that has the
 * most of them gives up one for a caller that has fewer, so that none can take all the room.
 */
export class WaitingReads {
  /** Of each caller, the longest waiting first. */
  private readonly callers = new Map<string, Set<Wake>>();
  private count = 0;

  constructor(private readonly maxCount: number) {}

  get size(): number {
    return this.count;
  }

  /** @throws RevocationSourceError `aborted` */
  async wait(forMs: number, signal: AbortSignal | undefined, caller = ''): Promise<WaitOutcome> {
    if (!(forMs > 0) || (this.count >= this.maxCount && !this.makeRoomFor(caller))) return 'over';
    let wake: Wake = () => undefined;
    const woken = new Promise<WaitOutcome>((resolve) => (wake = resolve));
    const timer = setTimeout(() => wake('over'), forMs);
    this.add(caller, wake);
    try {
      return await untilGone(woken, signal);
    } finally {
      clearTimeout(timer);
      this.remove(caller, wake);
    }
  }

  wakeAll(outcome: WaitOutcome): void {
    for (const waiting of this.callers.values()) for (const wake of waiting) wake(outcome);
  }

  private makeRoomFor(caller: string): boolean {
    let [most, waiting] = ['', new Set<Wake>()];
    for (const entry of this.callers) if (entry[1].size > waiting.size) [most, waiting] = entry;
    const [longest] = waiting;
    const own = this.callers.get(caller)?.size ?? 0;
    if (longest === undefined || waiting.size <= own) return false;
    longest('over');
    this.remove(most, longest);
    return true;
  }

  private add(caller: string, wake: Wake): void {
    const waiting = this.callers.get(caller) ?? new Set();
    this.callers.set(caller, waiting.add(wake));
    this.count += 1;
  }

  private remove(caller: string, wake: Wake): void {
    const waiting = this.callers.get(caller);
    if (!waiting?.delete(wake)) return;
    this.count -= 1;
    if (waiting.size === 0) this.callers.delete(caller);
  }
}

/** Stops waiting when the signal aborts, with the error of this folder. */
export function untilGone<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return untilAborted(
    work,
    signal,
    (cause) => new RevocationSourceError('aborted', 'Given up while waiting', { cause }),
  );
}
