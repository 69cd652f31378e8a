import { once } from 'node:events';
import { io } from 'socket.io-client';
import { expect } from 'vitest';
import { WebSocket } from 'ws';

/** A client of a gateway whose path is `/guarded`. */
export interface SocketClient {
  /** The next event that arrives, with its data. */
  next(): Promise<unknown>;
  send(event: string): void;
  /** Of `ws`: the code of its end. */
  readonly closed: Promise<unknown>;
  close(): void;
}

/** Queues what arrives, as the first answers may come before a test asks for them. */
function queue() {
  const events: unknown[] = [];
  return {
    push: (event: string, data: unknown) => void events.push([event, data]),
    next: async () => {
      await expect.poll(() => events.length, { interval: 5 }).toBeGreaterThan(0);
      return events.shift();
    },
  };
}

export function native(url: string, headers: object, protocols: string[] = []): SocketClient {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/guarded`, protocols, {
    headers: headers as never,
  });
  const { push, next } = queue();
  socket.on('message', (text: Buffer) => {
    const { event, data } = JSON.parse(text.toString()) as { event: string; data: unknown };
    push(event, data);
  });
  const isOpen = once(socket, 'open');
  return {
    next,
    send: (event) => void isOpen.then(() => socket.send(JSON.stringify({ event, data: {} }))),
    closed: once(socket, 'close').then(([code]: unknown[]) => code),
    close: () => socket.close(),
  };
}

export function socketIo(url: string, headers: object, auth: object = {}): SocketClient {
  const options = { path: '/guarded', auth, transports: ['websocket'], reconnection: false };
  const socket = io(url, { ...options, extraHeaders: headers as Record<string, string> });
  const { push, next } = queue();
  socket.onAny(push);
  return {
    next,
    send: (event) => void socket.emit(event, {}),
    closed: new Promise((resolve) => socket.once('disconnect', () => resolve('closed'))),
    close: () => void socket.disconnect(),
  };
}
