import type { NodeRequest } from '../../http/bearer-token.js';
import { authorizationIn, withCredentials } from './headers.js';

/** The contexts of Nest's transports, as far as they have metadata. */
interface MessageContext {
  /** TCP */
  getMetadata?(): unknown;
  /** NATS */
  getHeaders?(): unknown;
  /** Kafka, and RabbitMQ under `properties` */
  getMessage?(): { headers?: unknown; properties?: { headers?: unknown } } | undefined;
}

/** Headers of NATS and metadata of gRPC. */
interface Fields {
  get(name: string): unknown;
}

/**
 * The credentials of a message, in its metadata: `authorization`, with the scheme `Bearer` as over
 * HTTP. What the message says is never read: it is logged, stored and forwarded.
 */
export function messageRequestOf(carrier: MessageContext): NodeRequest {
  const message = carrier.getMessage?.();
  const metadata =
    carrier.getMetadata?.() ??
    carrier.getHeaders?.() ??
    message?.headers ??
    message?.properties?.headers ??
    carrier;
  const found = isFields(metadata)
    ? (metadata.get('authorization') ?? metadata.get('Authorization'))
    : authorizationIn(metadata);
  const authorization: unknown = Array.isArray(found) && found.length < 2 ? found[0] : found;
  // NATS gives '' for a header that is not there.
  if (authorization === undefined || authorization === '') return { headers: {}, rawHeaders: [] };
  return withCredentials(Buffer.isBuffer(authorization) ? authorization.toString() : authorization);
}

function isFields(metadata: unknown): metadata is Fields {
  return typeof (metadata as Partial<Fields> | null | undefined)?.get === 'function';
}
