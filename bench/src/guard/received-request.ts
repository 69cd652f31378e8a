import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';

const otherHeaders = [
  ['Host', '127.0.0.1:3001'],
  ['Connection', 'keep-alive'],
  ['Accept', 'application/json'],
  ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
  ['Accept-Encoding', 'gzip, deflate, br'],
] as const;
const nobody = new Socket();

/** A request as Nest hands it to a guard on Fastify: node's, within one that has Fastify's shape. */
export class ReceivedRequest {
  body: unknown = undefined;

  constructor(
    readonly id: string,
    readonly params: object,
    readonly raw: IncomingMessage,
    readonly query: object,
  ) {}

  get headers(): IncomingMessage['headers'] {
    return this.raw.headers;
  }
}

/** A new request with these credentials. No string of it was ever seen before. */
export function receivedRequest(credentials: Buffer): ReceivedRequest {
  const authorization = credentials.toString('latin1');
  const raw = new IncomingMessage(nobody);
  raw.rawHeaders = [...otherHeaders.flat(), 'Authorization'].map(newString);
  raw.rawHeaders.push(authorization);
  for (const [name, value] of otherHeaders) raw.headers[name.toLowerCase()] = value;
  raw.headers.authorization = authorization;
  return new ReceivedRequest('req-1', {}, raw, {});
}

const newString = (text: string): string => Buffer.from(text).toString('latin1');
