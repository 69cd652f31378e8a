import { once } from 'node:events';
import {
  createServer,
  request as forward,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';

/** What a browser asked of a server, and what it was answered. */
export interface Seen {
  /** The id of its user, which the test has its browser send with each request. */
  readonly user: string;
  readonly method: string;
  readonly path: string;
  readonly cookie: string | undefined;
  status?: number;
}

/** What to do with the next request for a path. */
type Fault = 'lose the answer' | 'hold the answer';

/** A proxy between the browser and a server: it records every request, and can drop an answer. */
export class FrontDoor {
  private readonly seen: Seen[] = [];
  private readonly faults = new Map<string, Fault>();
  private held: (() => void) | undefined;
  private target = '';

  private constructor(
    private readonly server: Server,
    private readonly port: number,
  ) {
    server.on('request', (request, response) => this.pass(request, response));
  }

  static async open(port: number): Promise<FrontDoor> {
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new FrontDoor(server, port);
  }

  /** By another name than 127.0.0.1, which is another site. */
  get url(): string {
    return `http://localhost:${this.port}`;
  }

  leadTo(target: string): void {
    this.target = target;
  }

  /** The server handles the request, but its answer never arrives. */
  loseNext(user: string, path: string): void {
    this.faults.set(user + path, 'lose the answer');
  }

  /** The answer arrives when `release` is called. */
  holdNext(user: string, path: string): void {
    this.faults.set(user + path, 'hold the answer');
  }

  release(): void {
    this.held?.();
  }

  /** What a user's browser has asked, preflights aside. */
  requests(user: string): Seen[] {
    return this.seen.filter((each) => each.user === user && each.method !== 'OPTIONS');
  }

  private pass(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '', headers } = request;
    const { cookie, 'x-request-id': user = '' } = headers;
    const seen: Seen = { user: String(user), method, path: url, cookie };
    this.seen.push(seen);
    const key = seen.user + url;
    const fault = method === 'OPTIONS' ? undefined : this.faults.get(key);
    if (fault) this.faults.delete(key);
    const onward = forward(this.target + url, { method, headers }, (answer) => {
      seen.status = answer.statusCode;
      if (fault === 'lose the answer') {
        answer.resume();
        answer.once('end', () => response.destroy());
        return;
      }
      const send = () => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(response);
      };
      if (fault === 'hold the answer') this.held = send;
      else send();
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }
}
