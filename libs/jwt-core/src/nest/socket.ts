import type { Problem } from '../http/problem.js';
import { messageError } from './transport-errors.js';

interface NativeSocket {
  readonly readyState: number;
  send(text: string): void;
  close(code: number, reason: string): void;
}

interface SocketIoSocket {
  readonly id: string;
  readonly connected?: boolean;
  /** Its namespace, which sends what is for everybody to these. */
  readonly nsp?: { readonly sockets: Map<string, object> };
  emit(event: string, payload: object): void;
  disconnect(close: boolean): void;
}

/** Codes of the range for applications (RFC 6455 section 7.4.2), and 1013 `try again later`. */
const CLOSE_CODES: Readonly<Record<number, number>> = { 401: 4401, 403: 4403, 503: 1013 };

/** A socket of `ws` has a state in numbers. One of socket.io has none. */
function isNativeSocket(client: object): client is NativeSocket {
  return typeof (client as Partial<NativeSocket>).readyState === 'number';
}

/** Whether a client still has its connection. */
export function isOpen(client: object): boolean {
  if (isNativeSocket(client)) return client.readyState === 1;
  return (client as SocketIoSocket).connected !== false;
}

/** Sends the reason to the client, as Nest's event `exception`. */
export function sendException(client: object, problem: Problem): void {
  const data = messageError(problem);
  if (!isNativeSocket(client)) return (client as SocketIoSocket).emit('exception', data);
  // A socket that is closing already takes no message.
  if (client.readyState === 1) client.send(JSON.stringify({ event: 'exception', data }));
}

/** Closes a socket, with 4401 or 4403 if it is one of `ws`. */
export function closeSocket(client: object, { status, code }: Problem): void {
  if (isNativeSocket(client)) client.close(CLOSE_CODES[status] ?? 1011, code);
  else (client as SocketIoSocket).disconnect(true);
}

type Release = (isAdmitted: boolean) => void;
type Sending = Parameters<NativeSocket['send']>;

/** How many gateways still judge a socket, and what lets it receive again. */
const held = new WeakMap<object, { count: number; release: Release }>();

/**
 * Keeps a socket that is not judged yet from what a gateway sends to everybody. One of `ws`
 * receives it when it is admitted by all its gateways; one of socket.io what is sent from then on.
 *
 * @returns to be called once, with the result
 */
export function holdSocket(client: object): Release {
  const hold = held.get(client) ?? {
    count: 0,
    release: isNativeSocket(client) ? queueFor(client) : hide(client as SocketIoSocket),
  };
  hold.count += 1;
  held.set(client, hold);
  return (isAdmitted) => {
    hold.count -= 1;
    // A refused one is about to be closed, whatever the others find.
    if (isAdmitted && hold.count > 0) return;
    if (held.delete(client)) hold.release(isAdmitted);
  };
}

function queueFor(client: NativeSocket): Release {
  const queue: Sending[] = [];
  // In place of the method of its class.
  client.send = (...sending: Sending) => void queue.push(sending);
  return (isAdmitted) => {
    delete (client as Partial<NativeSocket>).send;
    if (isAdmitted) for (const sending of queue) client.send(...sending);
  };
}

function hide(client: SocketIoSocket): Release {
  const sockets = client.nsp?.sockets;
  sockets?.delete(client.id);
  return (isAdmitted) => {
    if (isAdmitted && client.connected) sockets?.set(client.id, client);
  };
}
