import { isNativeSocket, type NativeSocket } from './close-socket.js';

type Release = (isAdmitted: boolean) => void;
type Sending = Parameters<NativeSocket['send']>;

interface SocketIoSocket {
  readonly id: string;
  readonly connected: boolean;
  /** Its namespace, which sends what is for everybody to these. */
  readonly nsp?: { readonly sockets: Map<string, object> };
}

/** How many gateways still judge a socket, and what lets it receive again. */
const held = new WeakMap<object, { count: number; release: Release }>();

/**
 * Keeps a socket that is not judged yet from what a gateway sends to everybody. One of `ws` receives
 * it when it is admitted by all its gateways; one of socket.io what is sent from then on.
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
