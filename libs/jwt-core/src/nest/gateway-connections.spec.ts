import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Global, Injectable, Module, type OnModuleInit, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { WebSocketGateway } from '@nestjs/websockets';
import { expect, it, vi } from 'vitest';
import { JwtCoreTestingModule } from '../testing/jwt-core-testing.module.js';
import { Public } from './decorators.js';
import { JwtCoreModule } from './jwt-core.module.js';
import { JwtGuard } from './jwt.guard.js';
import { native, socketIo } from './socket-clients.fixture.js';

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

// threat:silent-listeners
it.each([
  ['ws', WsAdapter, native, 4401],
  ['socket.io', IoAdapter, socketIo, 'closed'],
] as const)(
  'a gateway of %s with a port of its own takes no client while the application starts',
  async (_kind, Adapter, connect, closed) => {
    const port = await freePort();
    const seen = vi.fn<(event: string) => void>();

    @WebSocketGateway(port, { path: '/guarded' })
    @UseGuards(JwtGuard)
    class EarlyGateway {
      handleConnection() {
        seen('connected');
      }

      handleDisconnect() {
        seen('disconnected');
      }
    }

    const early: object[] = [];

    @Injectable()
    class SlowStart implements OnModuleInit {
      async onModuleInit() {
        const client = connect(`http://127.0.0.1:${port}`, {});
        const [event, data] = (await client.next()) as unknown[];
        early.push({ [String(event)]: data, closed: await client.closed });
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
      message: 'Unauthorized',
      code: 'token_missing',
      statusCode: 401,
    };
    expect(early).toEqual([{ exception, closed }]);
    expect(seen).not.toHaveBeenCalled();
  },
);

it('a gateway without JwtGuard can be tested in an application that is not initialized', async () => {
  const seen = vi.fn<(client: object) => void>();

  @WebSocketGateway()
  @Public()
  class OpenGateway {
    handleConnection(client: object) {
      seen(client);
    }
  }

  const testing = await Test.createTestingModule({
    imports: [JwtCoreTestingModule.forRoot()],
    providers: [OpenGateway],
  }).compile();
  const client = {};
  testing.get(OpenGateway).handleConnection(client);
  expect(seen).toHaveBeenCalledWith(client);
  await testing.close();
});

it('a gateway can be called by itself after the application that guarded it is closed', async () => {
  const seen = vi.fn<(client: object) => void>();

  @WebSocketGateway()
  @UseGuards(JwtGuard)
  class GuardedGateway {
    handleConnection(client: object) {
      seen(client);
    }
  }

  const start = async () => {
    const imports = [JwtCoreTestingModule.forRoot()];
    const testing = await Test.createTestingModule({
      imports,
      providers: [GuardedGateway],
    }).compile();
    return testing;
  };
  const [closed, kept] = [await start(), await start()];
  await closed.init();
  await closed.close();
  const client = { emit: vi.fn(), disconnect: vi.fn() };
  kept.get(GuardedGateway).handleConnection(client);
  expect(client.disconnect).toHaveBeenCalledOnce();
  expect(seen).not.toHaveBeenCalled();
  await kept.close();
  new GuardedGateway().handleConnection(client);
  closed.get(GuardedGateway).handleConnection(client);
  expect(seen).toHaveBeenCalledTimes(2);
});
