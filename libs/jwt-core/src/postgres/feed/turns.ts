import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

interface Waiting {
  readonly begin: () => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * Spreads costly work that anyone may request. Callers take turns, so that none waits for all the
 * requests of another. After each turn everything else is served for as long as the turn took: the
 * work takes half of the processor at most, however much of it is requested.
 */
export class Turns {
  /** Of each caller, the longest waiting first. The caller whose turn is next comes first. */
  private readonly callers = new Map<string, Waiting[]>();
  private isRunning = false;

  /**
   * Resolves when it is the caller's turn. What the caller does before the next turn of the event
   * loop is measured. Never resolves once the signal has aborted.
   */
  next(caller: string, signal?: AbortSignal): Promise<void> {
    return new Promise((begin) => {
      const waiting = this.callers.get(caller) ?? [];
      waiting.push({ begin, signal });
      this.callers.set(caller, waiting);
      if (!this.isRunning) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    for (let begin = this.take(); begin !== undefined; begin = this.take()) {
      const beganAtMs = performance.now();
      begin();
      await nextTurn();
      await sleep(performance.now() - beganAtMs);
    }
    this.isRunning = false;
  }

  private take(): (() => void) | undefined {
    for (const [caller, waiting] of this.callers) {
      const next = waiting.findIndex(({ signal }) => !signal?.aborted);
      const [taken] = next < 0 ? [] : waiting.splice(0, next + 1).slice(-1);
      // To the end of the line.
      this.callers.delete(caller);
      if (taken !== undefined && waiting.length > 0) this.callers.set(caller, waiting);
      if (taken !== undefined) return taken.begin;
    }
    return undefined;
  }
}
