import { once } from 'node:events';
import { type INestApplication, type Provider, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { JwtCoreModule, JwtGuard, RequireScopes } from '@jwt-auth/jwt-core';
import { TestIssuer } from '@jwt-auth/jwt-core/testing';
import { WebSocket } from 'ws';

@WebSocketGateway()
@UseGuards(JwtGuard)
class GuardedGateway {
  @SubscribeMessage('place')
  @RequireScopes('orders:write')
  place() {
    return { event: 'place', data: 'placed' };
  }
}

@WebSocketGateway()
class OpenGateway {
  @SubscribeMessage('place')
  @RequireScopes('orders:write')
  place() {
    return { event: 'place', data: 'placed' };
  }
}

describe('a gateway of Nest 11', () => {
  let auth: TestIssuer;
  let app: INestApplication;
  beforeEach(async () => {
    auth = await TestIssuer.start();
  });
  afterEach(async () => {
    await app.close();
    await auth.close();
  });

  const make = async (...providers: Provider[]) => {
    const imports = [JwtCoreModule.forRoot({ issuer: auth.issuer, audience: auth.audience })];
    app = (
      await Test.createTestingModule({ imports, providers }).compile()
    ).createNestApplication();
    app.useWebSocketAdapter(new WsAdapter(app));
    return app;
  };
  const connect = async (token: string) => {
    const url = (await app.getUrl()).replace('http', 'ws');
    return new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
  };

  it('judges connections and messages, and closes a socket whose token is revoked', async () => {
    await make(GuardedGateway);
    await app.listen(0, '127.0.0.1');
    await auth.ready(app);
    expect(await once(await connect('a.b.c'), 'close')).toContain(4401);

    const socket = await connect(auth.mint({ jti: 'one', scope: 'orders:write' }));
    await once(socket, 'open');
    socket.send(JSON.stringify({ event: 'place' }));
    const [answer] = (await once(socket, 'message')) as [Buffer];
    expect(JSON.parse(answer.toString())).toEqual({ event: 'place', data: 'placed' });
    const closed = once(socket, 'close');
    await auth.revoke({ kind: 'jti', id: 'one' });
    expect(await closed).toContain(4401);

    const reader = await connect(auth.mint({ scope: 'orders:read' }));
    const received: unknown[] = [];
    reader.on('message', (text) => received.push(text));
    await once(reader, 'open');
    reader.send(JSON.stringify({ event: 'place' }));
    reader.ping();
    await once(reader, 'pong');
    expect(received).toEqual([]);
    reader.close();
  });

  it('does not start with a global guard alone, which Nest 11 does not call for messages', async () => {
    await make(OpenGateway, { provide: APP_GUARD, useExisting: JwtGuard });
    await expect(app.init()).rejects.toThrow('global guards do not reach it');
  });
});
