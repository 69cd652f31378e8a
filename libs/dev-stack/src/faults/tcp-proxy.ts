import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A bad network between a client and a server on 127.0.0.1. */
export interface TcpProxy {
  /** Where clients connect. */
  readonly port: number;
  /** How many connections are open. */
  readonly connections: number;
  /** Holds everything back, on connections old and new, until `resume`. */
  pause(): void;
  /** Delivers every byte this much later; 0 ends that. */
  delay(milliseconds: number): void;
  /** Resets every connection, and each new one, until `resume`. */
  cut(): void;
  /**
   * Leaves the connections that are open now half-open for ever: nothing passes, nothing closes, and
   * neither end learns that the other has gone. New connections work.
   */
  halfOpen(): void;
  /** Ends `pause` and `cut`; what was held back is delivered. */
  resume(): void;
  /** Resets everything and stops listening. */
  close(): Promise<void>;
}

/** Listens on a free port (or `port`) of 127.0.0.1 and forwards to `target`, there as well. */
export async function createTcpProxy(target: number, port = 0): Promise<TcpProxy> {
  const relays = new Set<Relay>();
  const gate = new Gate();
  let delayMs = 0;
  let isCut = false;

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (isCut) return void client.on('error', () => undefined).resetAndDestroy();
    const upstream = connect({
      port: target,
      host: '127.0.0.1',
      allowHalfOpen: true,
      noDelay: true,
    });
    const relay = new Relay(client, upstream, gate, () => delayMs);
    relays.add(relay);
    void relay.closed.then(() => relays.delete(relay));
  });
  const reset = () => {
    for (const relay of relays) relay.reset();
  };
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });

  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return relays.size;
    },
    pause: () => gate.shut(),
    delay: (milliseconds) => {
      delayMs = milliseconds;
    },
    cut: () => {
      isCut = true;
      reset();
    },
    halfOpen: () => {
      for (const relay of relays) relay.silence();
    },
    resume: () => {
      isCut = false;
      gate.open();
    },
    close: () => {
      reset();
      gate.open();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Open, or shut until `open` is called. */
class Gate {
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

/** Forwards bytes between a client and a server, in both directions. */
class Relay {
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
