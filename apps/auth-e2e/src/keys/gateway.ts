import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A gateway before several auth processes. Its address is the issuer. */
export class Gateway {
  private targets: readonly string[] = [];
  private readonly cutOff = new Set<string>();
  private turn = 0;
  private refusedCount = 0;
  private readonly server = createServer((incoming, outgoing) => this.forward(incoming, outgoing));

  static async open(): Promise<Gateway> {
    const gateway = new Gateway();
    await new Promise<void>((resolve) => gateway.server.listen(0, '127.0.0.1', resolve));
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** How many requests met a path that is cut off. */
  get refused(): number {
    return this.refusedCount;
  }

  /** Where requests go from now on, in turn. */
  balance(...targets: string[]): void {
    this.targets = targets;
  }

  /** Closes the connection of any client that requests this path. */
  cut(path: string): void {
    this.cutOff.add(path);
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const target = this.targets[this.turn++ % this.targets.length];
    if (target === undefined) return void incoming.destroy();
    const { pathname, search } = new URL(incoming.url ?? '/', target);
    if (this.cutOff.has(pathname)) {
      this.refusedCount += 1;
      return void incoming.destroy();
    }
    const { method, headers } = incoming;
    const upstream = request(new URL(pathname + search, target), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    upstream.on('error', () => outgoing.destroy());
    outgoing.on('close', () => upstream.destroy());
    incoming.pipe(upstream);
  }
}
