import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

/** A request as it is sent. Header values and the path are bytes, one in each character. */
export interface ApiRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly durationMs: number;
}

/** The bytes of a text in UTF-8, as node:http wants them. */
export const asBytes = (value: string): string => Buffer.from(value).toString('latin1');

/** What a header can carry of a text: neither control characters nor spaces around it. */
export const asHeader = (value: string): string =>
  asBytes(value)
    .replace(/[^\t\x20-\x7e\x80-\xff]/g, '')
    .trim();

/** Percent-encodes all bytes of a text but letters and digits. */
export const percentEncoded = (value: string): string =>
  asBytes(value).replace(
    /[^A-Za-z0-9]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );

/** Sends requests to one server, over connections that it keeps. */
export class ApiConnection {
  private readonly agent = new Agent({ keepAlive: true });

  constructor(private readonly base: string) {}

  /**
   * @throws Error when there is no whole answer after `timeoutMs`, or the connection was closed
   */
  async send({ method, path, headers, body }: ApiRequest, timeoutMs: number): Promise<ApiAnswer> {
    const begunMs = performance.now();
    const { hostname, port } = new URL(this.base);
    const signal = AbortSignal.timeout(timeoutMs);
    const length = body && { 'content-length': String(body.length) };
    const outgoing = request({
      ...{ hostname, port, method, path, signal, agent: this.agent },
      headers: { ...headers, ...length },
    });
    outgoing.end(body);
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    const answer = await text(incoming);
    const durationMs = performance.now() - begunMs;
    const { statusCode: status = 0, headers: given } = incoming;
    return { status, headers: given, body: answer, durationMs };
  }

  close(): void {
    this.agent.destroy();
  }
}
