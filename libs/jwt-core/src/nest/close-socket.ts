import { type Problem, problemDocument } from '../http/problem.js';

export interface NativeSocket {
  readonly readyState: number;
  send(text: string): void;
  close(code: number, reason: string): void;
}
interface SocketIoSocket {
  readonly connected?: boolean;
  emit(event: string, payload: object): void;
  disconnect(close: boolean): void;
}

/** Codes of the range for applications (RFC 6455 section 7.4.2), and 1013 `try again later`. */
const CLOSE_CODES: Readonly<Record<number, number>> = { 401: 4401, 403: 4403, 503: 1013 };

/** A socket of `ws` has a state in numbers. One of socket.io has none. */
export function isNativeSocket(client: object): client is NativeSocket {
  return typeof (client as Partial<NativeSocket>).readyState === 'number';
}

/** Whether a client still has its connection. */
export function isOpen(client: object): boolean {
  if (isNativeSocket(client)) return client.readyState === 1;
  return (client as SocketIoSocket).connected !== false;
}

/** Sends the reason to the client, as Nest's event `exception`. */
export function sendException(client: object, problem: Problem): void {
  const { title: message, status: statusCode, code } = problemDocument(problem);
  const data = { status: 'error', message, code, statusCode };
  if (!isNativeSocket(client)) return (client as SocketIoSocket).emit('exception', data);
  // A socket that is closing already takes no message.
  if (client.readyState === 1) client.send(JSON.stringify({ event: 'exception', data }));
}

/** Closes a socket, with 4401 or 4403 if it is one of `ws`. */
export function closeSocket(client: object, { status, code }: Problem): void {
  if (isNativeSocket(client)) client.close(CLOSE_CODES[status] ?? 1011, code);
  else (client as SocketIoSocket).disconnect(true);
}
