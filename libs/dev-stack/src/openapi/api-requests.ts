import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { ApiDocument, Operation, Parameter, Schema } from './api-document.js';
import { exampleOf, type KnownExamples } from './examples.js';

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

/** What a request is made of, before it is written. */
export interface Draft {
  /** By name, as they stand in the path: encoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

/** Requests that an OpenAPI document calls valid. */
export class ApiRequests {
  constructor(
    private readonly document: ApiDocument,
    private readonly known: KnownExamples,
  ) {}

  /**
   * A valid request: only with what is required, or with all there can be.
   *
   * @param real values for parameters in the path and members of the body, where there are real ones
   */
  draft(
    { parameters, body }: Operation,
    isFull: boolean,
    real: Readonly<Record<string, string>> = {},
  ): Draft {
    const of = (place: Parameter['in']) =>
      parameters
        .filter(({ in: at, required }) => at === place && (isFull || required === true))
        .map(({ name, schema }) => [name, this.example(schema, isFull, name)] as const)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [name, asText(value)] as const);
    return {
      path: Object.fromEntries(
        of('path').map(([name, value]) => [name, percentEncoded(real[name] ?? value)]),
      ),
      query: of('query').map(([name, value]) => `${name}=${percentEncoded(value)}`),
      headers: {
        ...Object.fromEntries(of('header').map(([name, value]) => [name, asHeader(value)])),
        ...(body && { 'content-type': body.mediaType }),
      },
      body: body && encoded(this.members(body.schema, isFull, real), body.mediaType),
    };
  }

  /** A member that is named like a parameter of the path repeats it. */
  private members(schema: Schema, isFull: boolean, real: Readonly<Record<string, string>>) {
    const body = this.example(schema, isFull) as object;
    const repeated = Object.entries(real).filter(([name]) => Object.hasOwn(body, name));
    return { ...body, ...Object.fromEntries(repeated) };
  }

  private example(schema: object, isFull: boolean, name?: string): unknown {
    return exampleOf(schema, { document: this.document, known: this.known, isFull }, name);
  }
}

const asText = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

export const FORM = 'application/x-www-form-urlencoded';

/** Writes a body: members of a form are texts. */
export function encoded(value: unknown, mediaType: string): Buffer {
  if (mediaType !== FORM) return Buffer.from(JSON.stringify(value));
  const fields = Object.entries(value as object).map(([name, member]) => [name, asText(member)]);
  return Buffer.from(String(new URLSearchParams(fields as [string, string][])));
}

/** Writes a draft as a request. */
export function written({ method, path }: Operation, draft: Draft): ApiRequest {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => draft.path[name] ?? 'x');
  const query = draft.query.length > 0 ? `?${draft.query.join('&')}` : '';
  return {
    method,
    path: filled + query,
    headers: draft.headers,
    ...(draft.body && { body: draft.body }),
  };
}

/** A request as a report shows it: cut short, and without its credentials. */
export function describeRequest({ method, path, headers, body }: ApiRequest): string {
  const rest = Object.entries(headers).filter(([name]) => name !== 'authorization');
  return `${method} ${path.slice(0, 200)} ${JSON.stringify(rest)} ${String(body ?? '').slice(0, 300)}`;
}
