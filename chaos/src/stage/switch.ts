import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A proxy with one address for several servers: each new connection goes to the next server. */
export class Switch {
  private readonly sockets = new Set<Socket>();
  private turn = 0;
  private isCut = false;

  private constructor(
    private readonly server: Server,
    private readonly targets: readonly number[],
  ) {
    server.on('connection', (client) => this.forward(client));
  }

  /** @param targets ports of 127.0.0.1 */
  static async open(port: number, targets: readonly number[]): Promise<Switch> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    return new Switch(server, targets);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Resets every connection: a client that connects again gets another server. */
  shake(): void {
    this.turn += 1;
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  /** Resets every connection, and each new one, until `mend`. */
  cut(): void {
    this.isCut = true;
    this.shake();
  }

  mend(): void {
    this.isCut = false;
  }

  close(): Promise<void> {
    this.cut();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private forward(client: Socket): void {
    client.on('error', () => undefined);
    if (this.isCut) return void client.resetAndDestroy();
    const port = this.targets[this.turn++ % this.targets.length] ?? 0;
    const upstream = connect({ port, host: '127.0.0.1', noDelay: true });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.sockets.add(one);
      one.on('error', () => other.resetAndDestroy());
      one.on('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
