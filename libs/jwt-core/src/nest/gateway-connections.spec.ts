import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Global, Injectable, Module, type OnModuleInit, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway } from '@nestjs/websockets';
import { io } from 'socket.io-client';
import { expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { JwtCoreModule } from './jwt-core.module.js';
import { JwtGuard } from './jwt.guard.js';

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

interface Ending {
  /** The data of the event `exception`, if it came. */
  readonly exception: unknown;
  readonly closed: unknown;
}

async function native(port: number): Promise<Ending> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
  let exception: unknown;
  socket.on('message', (text: Buffer) => {
    exception = (JSON.parse(text.toString()) as { data: unknown }).data;
  });
  const [closed] = (await once(socket, 'close')) as unknown[];
  return { exception, closed };
}

async function socketIo(port: number): Promise<Ending> {
  const socket = io(`http://127.0.0.1:${port}`, {
    transports: ['websocket'],
    reconnection: false,
  });
  let exception: unknown;
  socket.on('exception', (data: unknown) => {
    exception = data;
  });
  await new Promise((resolve) => socket.once('disconnect', resolve));
  return { exception, closed: 'closed' };
}

// threat:silent-listeners
it.each([
  ['ws', WsAdapter, native, 1013],
  ['socket.io', IoAdapter, socketIo, 'closed'],
] as const)(
  'a gateway of %s with a port of its own takes no client while the application starts',
  async (_kind, Adapter, connect, closed) => {
    const port = await freePort();
    const seen = vi.fn<(event: string) => void>();

    @WebSocketGateway(port)
    @UseGuards(JwtGuard)
    class EarlyGateway {
      handleConnection() {
        seen('connected');
      }

      handleDisconnect() {
        seen('disconnected');
      }
    }

    const early: Ending[] = [];

    @Injectable()
    class SlowStart implements OnModuleInit {
      async onModuleInit() {
        early.push(await connect(port));
      }
    }

    /** Global and imported first: so it is initialized before JwtCoreModule. */
    @Global()
    @Module({ providers: [SlowStart] })
    class SlowModule {}

    @Module({
      imports: [
        SlowModule,
        JwtCoreModule.forRoot({
          issuer: 'http://127.0.0.1:1',
          audience: 'api',
          keySet: { get: () => undefined, find: async () => undefined },
          revocations: { read: () => new Promise(() => undefined) },
        }),
      ],
      providers: [EarlyGateway],
    })
    class AppModule {}

    const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
    app.useWebSocketAdapter(new Adapter(app));
    await app.init();
    await app.close();
    const exception = {
      status: 'error',
      message: 'Service Unavailable',
      code: 'keys_unavailable',
      statusCode: 503,
    };
    expect(early).toEqual([{ exception, closed }]);
    expect(seen).not.toHaveBeenCalled();
  },
);
