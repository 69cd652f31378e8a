import { connect, createServer, type AddressInfo } from 'node:net';
import { Gate, Relay } from './relay.js';

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
   * Leaves the connections of this moment half-open for ever: nothing passes, nothing closes, no
   * end tells of another. New connections work.
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
