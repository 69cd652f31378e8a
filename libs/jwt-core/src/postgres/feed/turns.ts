import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

interface Waiting {
  readonly begin: () => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * Spreads costly work that anyone may request. Callers take turns, and the readers of a caller take
 * turns among themselves, so that none waits for all the requests of another. After each turn
 * everything else is served for as long as the turn took: the work takes half of the processor at
 * most, however much of it is requested.
 */
export class Turns {
  /** By caller, then by reader, then the longest waiting first. Who is next comes first. */
  private readonly callers = new Map<string, Map<string, Waiting[]>>();
  private isRunning = false;

  /**
   * Resolves when it is the reader's turn; readers of the same name share their turns. The turn
   * lasts until the next turn of the event loop. Never resolves once the signal has aborted.
   */
  next(caller: string, reader: string, signal?: AbortSignal): Promise<void> {
    return new Promise((begin) => {
      const readers = this.callers.get(caller) ?? new Map<string, Waiting[]>();
      const waiting = readers.get(reader) ?? [];
      waiting.push({ begin, signal });
      this.callers.set(caller, readers.set(reader, waiting));
      if (!this.isRunning) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    for (let next = this.take(); next !== undefined; next = this.take()) {
      const beganAtMs = performance.now();
      next.begin();
      await nextTurn();
      await sleep(performance.now() - beganAtMs);
    }
    this.isRunning = false;
  }

  private take(): Waiting | undefined {
    return rotate(
      this.callers,
      (readers) => rotate(readers, takeLive, ({ length }) => length),
      ({ size }) => size,
    );
  }
}

function takeLive(waiting: Waiting[]): Waiting | undefined {
  const first = waiting.findIndex(({ signal }) => !signal?.aborted);
  return waiting.splice(0, first < 0 ? waiting.length : first + 1)[first];
}

/** Takes from the first queue that has something, and puts what remains of it at the end. */
function rotate<Queue>(
  queues: Map<string, Queue>,
  take: (queue: Queue) => Waiting | undefined,
  remaining: (queue: Queue) => number,
): Waiting | undefined {
  for (const [name, queue] of queues) {
    const taken = take(queue);
    queues.delete(name);
    if (remaining(queue) > 0) queues.set(name, queue);
    if (taken !== undefined) return taken;
  }
  return undefined;
}
