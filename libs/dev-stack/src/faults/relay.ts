import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Open, or shut until somebody opens it. */
export class Gate {
  private opened = Promise.resolve();
  private release: (() => void) | undefined;

  /** Settles when the gate is open. */
  pass(): Promise<void> {
    return this.opened;
  }

  shut(): void {
    if (this.release) return;
    this.opened = new Promise((resolve) => (this.release = resolve));
  }

  open(): void {
    this.release?.();
    this.release = undefined;
  }
}

/** Two connections that their ends take for one. */
export class Relay {
  /** Settles when both connections are closed. */
  readonly closed: Promise<unknown>;
  private isSilent = false;

  constructor(
    private readonly client: Socket,
    private readonly upstream: Socket,
    gate: Gate,
    delayMs: () => number,
  ) {
    this.forward(client, upstream, gate, delayMs);
    this.forward(upstream, client, gate, delayMs);
    this.closed = Promise.all(
      [client, upstream].map((socket) => new Promise((resolve) => socket.once('close', resolve))),
    );
  }

  /** From now on nothing passes, not even an end. */
  silence(): void {
    this.isSilent = true;
  }

  reset(): void {
    this.client.resetAndDestroy();
    this.upstream.resetAndDestroy();
  }

  private forward(from: Socket, to: Socket, gate: Gate, delayMs: () => number): void {
    // One after the other, each at its own time, so that a change of the delay reorders nothing.
    let last = Promise.resolve();
    const later = (act: () => void) => {
      const due = performance.now() + delayMs();
      last = last.then(async () => {
        const early = due - performance.now();
        if (early > 0) await sleep(early);
        await gate.pass();
        if (!this.isSilent) act();
      });
    };
    from.on('data', (chunk) => later(() => to.write(chunk)));
    from.on('end', () => later(() => to.end()));
    from.on('error', () => later(() => to.resetAndDestroy()));
    from.on('close', () => later(() => to.destroySoon()));
  }
}
