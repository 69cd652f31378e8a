import type { EventEmitter } from 'node:events';
import { setMaxListeners } from 'node:events';
import { type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { TokenError } from '../verifier/token-error.js';
import type { TokenVerifier } from '../verifier/issuers-verifier.js';
import { AccessTokenVerifier } from '../verifier/access-token-verifier.js';
import { requestOf } from './calls.js';
import { Credentials, type HttpRequest } from './credentials.js';
import { OpenConnections } from './open-connections.js';

const CALL = Symbol('call');
const ENDS = Symbol('ends');
const SIGNAL = Symbol('signal');

/** What a guard leaves on the carrier of an admitted call. */
interface Followed {
  [CALL]?: ExecutionContext;
  [ENDS]?: TokenEnds;
  [SIGNAL]?: AbortSignal;
}

/** Ends what is still open after its request, when the token ends. */
@Injectable()
export class TokenEnds {
  readonly connections: OpenConnections;

  constructor(
    @Inject(AccessTokenVerifier) private readonly verifier: TokenVerifier,
    private readonly credentials: Credentials,
  ) {
    this.connections = new OpenConnections(verifier);
  }

  /** Calls `end` once, when the token of an admitted call has expired or is revoked. */
  follow(carrier: object, end: (reason: TokenError) => void): () => void {
    const call = (carrier as Followed)[CALL];
    const request = call ? requestOf(call, carrier) : (carrier as HttpRequest);
    return this.connections.add(this.credentials.tokenOf(request, this.verifier.verdicts), end);
  }
}

/**
 * Notes what is needed to follow a call later. No allocation: this is done for each request.
 *
 * @param call `undefined` in a strategy of passport, which has the request alone
 */
export function noteAdmission(
  carrier: object,
  call: ExecutionContext | undefined,
  ends: TokenEnds,
): void {
  (carrier as Followed)[CALL] = call;
  (carrier as Followed)[ENDS] = ends;
}

/** What follows the token of a call. `undefined` for one that came without. */
export function tokenEndsOf(carrier: object): TokenEnds | undefined {
  return (carrier as Followed)[ENDS];
}

/**
 * A signal that is aborted when the token of a request has expired or is revoked, with the
 * TokenError as its reason: for work that takes longer than a request should be trusted for. It is
 * never aborted for a caller without a token, nor after the answer.
 *
 * @param request of Express or Fastify, `context.req` of GraphQL, the client of a gateway, or the
 *   context of a message. The signal of a message lives as long as its token.
 */
export function principalSignal(request: object): AbortSignal {
  const followed = request as Followed;
  const known = followed[SIGNAL];
  if (known) return known;
  const controller = new AbortController();
  const { signal } = controller;
  // Each of many handlers on a socket may listen to it.
  setMaxListeners(0, signal);
  const ends = followed[ENDS];
  // Not kept: the guard of a later handler may come with a token.
  if (!ends) return signal;
  followed[SIGNAL] = signal;
  const release = ends.follow(request, (reason) => controller.abort(reason));
  whenClosed(request, followed[CALL], release);
  return signal;
}

interface Closable extends EventEmitter {
  readonly destroyed?: boolean;
}
/** A request of node, by HTTP/1 or HTTP/2. */
interface RawRequest {
  readonly headers: { readonly upgrade?: string };
  readonly socket?: Closable & { readonly _httpMessage?: Closable & { readonly req?: unknown } };
  readonly stream?: Closable;
}
interface Wrapper {
  readonly raw?: RawRequest;
  readonly res?: Closable;
  readonly socket?: Closable;
  readonly extra?: { readonly socket?: Closable };
}

/** Calls `release` when nobody waits for what a call does any more. */
function whenClosed(
  carrier: object,
  call: ExecutionContext | undefined,
  release: () => void,
): void {
  const type = call?.getType<string>();
  const { raw, res, socket, extra } = carrier as Wrapper;
  if (type === 'http') {
    const response = call!.getArgByIndex<Closable & { readonly raw?: Closable }>(1);
    onClose(response.raw ?? response, release);
  } else if (type === 'ws') {
    onClose(carrier as Closable, release);
  } else if (type !== 'rpc') {
    onClose(res ?? extra?.socket ?? (raw && endOf(raw)) ?? socket, release);
  }
}

/**
 * What closes with the answer to a request of Fastify, of which a resolver or a strategy has no
 * reply. Its socket may live for many more requests.
 */
function endOf(raw: RawRequest): Closable | undefined {
  const { headers, socket, stream } = raw;
  if (stream) return stream;
  const response = socket?._httpMessage;
  return headers.upgrade === undefined && response?.req === raw ? response : socket;
}

/** Also for socket.io, where the event has another name. */
export function onClose(emitter: Closable | undefined, release: () => void): void {
  if (emitter?.destroyed) return release();
  emitter?.once?.('close', release).once('disconnect', release);
}
