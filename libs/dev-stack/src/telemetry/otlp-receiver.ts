import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

type Attributes = Record<string, string | number | boolean | undefined>;

/** A span as a service has exported it. */
export interface ReceivedSpan {
  name: string;
  /** 1: internal, 2: server, 3: client. */
  kind: number;
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  attributes: Attributes;
  /** 0: unset, 2: error. */
  status: number;
  /** What the service says of itself. */
  resource: Attributes;
}

/** One export, before it is read. */
export interface ReceivedExport {
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

interface KeyValue {
  key: string;
  value: { stringValue?: string; intValue?: number | string; boolValue?: boolean };
}

/** The members of OTLP's JSON that are read here. */
interface TracesJson {
  resourceSpans: {
    resource: { attributes: KeyValue[] };
    scopeSpans: {
      spans: (Omit<ReceivedSpan, 'attributes' | 'status' | 'resource'> & {
        attributes: KeyValue[];
        status?: { code?: number };
      })[];
    }[];
  }[];
}

/** A receiver of OTLP over HTTP on this machine, for tests: it takes everything, and keeps it. */
export class OtlpReceiver {
  readonly exports: ReceivedExport[] = [];
  /** Of the exports that are JSON. */
  readonly spans: ReceivedSpan[] = [];
  /** The status of each answer. */
  status = 200;

  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly endpoint: string;

  private constructor(private readonly server: Server) {
    this.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<OtlpReceiver> {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const receiver = new OtlpReceiver(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { url: path = '', headers } = request;
        receiver.take({ path, headers, body: Buffer.concat(chunks) });
        const type = headers['content-type'] ?? 'application/json';
        response.writeHead(receiver.status, { 'content-type': type });
        response.end(type === 'application/json' ? '{}' : '');
      });
    });
    return receiver;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private take(received: ReceivedExport): void {
    this.exports.push(received);
    if (received.headers['content-type'] !== 'application/json') return;
    const { resourceSpans } = JSON.parse(received.body.toString()) as TracesJson;
    for (const { resource, scopeSpans } of resourceSpans) {
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
        const { name, kind, traceId, spanId, parentSpanId } = span;
        this.spans.push({
          ...{ name, kind, traceId, spanId, parentSpanId },
          attributes: attributesOf(span.attributes),
          status: span.status?.code ?? 0,
          resource: attributesOf(resource.attributes),
        });
      }
    }
  }
}

function attributesOf(pairs: KeyValue[]): Attributes {
  return Object.fromEntries(
    pairs.map(({ key, value: { stringValue, intValue, boolValue } }) => [
      key,
      stringValue ?? (intValue === undefined ? boolValue : Number(intValue)),
    ]),
  );
}
