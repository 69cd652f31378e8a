import { type INestApplication, UseGuards } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { JwtCoreReadiness } from '../runtime/readiness.js';
import { TestIssuer } from '../test-issuer/test-issuer.js';
import type { Principal } from '../verifier/claims.js';
import type { JsonObject } from '../verifier/strict-json.js';
import { CurrentPrincipal, Public, RequireScopes } from './decorators.js';
import { JwtCoreModule } from './jwt-core.module.js';
import type { JwtCoreOptions } from './app-options.js';
import { JwtGuard } from './jwt.guard.js';
import { createApp, listen, type MakeAdapter, platforms } from './nest-app.fixture.js';
import { native, type SocketClient, socketIo } from './socket-clients.fixture.js';
import { TokenEnds } from './token-ends.js';

const seen = vi.fn<(event: string) => void>();

@WebSocketGateway({ path: '/guarded' })
@UseGuards(JwtGuard)
class GuardedGateway implements OnGatewayConnection, OnGatewayDisconnect {
  handleConnection() {
    seen('connected');
  }

  handleDisconnect() {
    seen('disconnected');
  }

  @SubscribeMessage('caller')
  caller(@CurrentPrincipal() caller: Principal) {
    return { event: 'caller', data: caller.subject };
  }

  @SubscribeMessage('place')
  @RequireScopes('orders:write')
  place() {
    return { event: 'placed', data: true };
  }
}

const source = { answer: (_active: boolean) => {} };

/** Sends to everybody whenever it is asked to, of a service that introspects reference tokens. */
@WebSocketGateway({ path: '/guarded' })
@UseGuards(JwtGuard)
class NewsGateway implements OnGatewayConnection, OnGatewayDisconnect {
  @WebSocketServer()
  readonly server!: {
    readonly clients?: Iterable<{ send(text: string): void }>;
    readonly engine?: { readonly clientsCount: number };
    emit(event: string, data: string): void;
  };

  get clients() {
    return this.server.engine?.clientsCount ?? [...this.server.clients!].length;
  }

  send(data: string) {
    const { clients } = this.server;
    if (!clients) return this.server.emit('news', data);
    for (const client of clients) client.send(JSON.stringify({ event: 'news', data }));
  }

  handleConnection() {
    seen('connected');
  }

  handleDisconnect() {
    seen('disconnected');
  }
}

/** Takes connections from anybody, and guards one kind of message. */
@WebSocketGateway({ path: '/guarded' })
class MixedGateway {
  @SubscribeMessage('price')
  @Public()
  price() {
    return { event: 'price', data: 'free' };
  }

  @SubscribeMessage('caller')
  @UseGuards(JwtGuard)
  caller(@CurrentPrincipal() caller: Principal) {
    return { event: 'caller', data: caller.subject };
  }
}

@WebSocketGateway({ path: '/open' })
class OpenGateway {
  @SubscribeMessage('open')
  open() {}
}

/** Takes no messages, and sends to everybody. */
@WebSocketGateway({ path: '/sender' })
class SenderGateway {}

const authorization = (token: string) => ({ authorization: `Bearer ${token}` });
const exception = (code: string, statusCode = 401) => [
  'exception',
  {
    status: 'error',
    message: statusCode === 401 ? 'Unauthorized' : 'Forbidden',
    code,
    statusCode,
  },
];

const kinds = [
  ['ws on Fastify', WsAdapter, platforms[0][1], native, 4401],
  ['ws on Express', WsAdapter, platforms[1][1], native, 4401],
  ['socket.io on Express', IoAdapter, platforms[1][1], socketIo, 'closed'],
] as const;

describe.each(kinds)('a gateway with %s', (kind, Adapter, makeAdapter, connect, closeCode) => {
  let issuer: TestIssuer;
  let app: INestApplication;
  let url: string;
  const start = async (
    make: MakeAdapter,
    gateways: (new () => object)[],
    options: Partial<JwtCoreOptions> = {},
  ) => {
    const { audience } = issuer;
    const jwt = { issuer: issuer.issuer, audience, ...options } as JwtCoreOptions;
    const made = await createApp(make, {
      imports: [JwtCoreModule.forRoot(jwt)],
      providers: gateways,
    });
    made.useWebSocketAdapter(new Adapter(made));
    return made;
  };

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    app = await start(makeAdapter, [GuardedGateway]);
    url = await listen(app);
    const { checks } = app.get(JwtCoreReadiness);
    await vi.waitUntil(() => checks.every((check) => !check.check()), { timeout: 30_000 });
  });
  beforeEach(() => seen.mockClear());
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  const elsewhere = (token: string): SocketClient =>
    kind.startsWith('ws') ? native(url, {}, ['bearer', token]) : socketIo(url, {}, { token });

  it.each([
    ['in its header', (token: string) => connect(url, authorization(token))],
    ['in its subprotocol or its auth', elsewhere],
  ])('lets in a client with a token %s', async (_place, open) => {
    const client = open(issuer.mint({ sub: 'ada', scope: 'orders:write' }));
    client.send('caller');
    expect(await client.next()).toEqual(['caller', 'ada']);
    client.send('place');
    expect(await client.next()).toEqual(['placed', true]);
    client.close();
    await expect.poll(() => seen.mock.calls.length).toBe(2);
    expect(seen.mock.calls).toEqual([['connected'], ['disconnected']]);
  });

  // threat:silent-listeners
  it.each([
    ['no token', () => connect(url, {}), 'token_missing'],
    ['a bad one', () => connect(url, authorization('a.b.c')), 'token_invalid'],
    ['a bad one elsewhere', () => elsewhere('abc'), 'token_invalid'],
    [
      'an expired one',
      () => connect(url, authorization(issuer.mint({ iat: 1, exp: 2 }))),
      'token_expired',
    ],
  ])('refuses a client with %s, and sends it the reason', async (_name, open, code) => {
    const client = open();
    expect(await client.next()).toEqual(exception(code));
    expect(await client.closed).toBe(closeCode);
    expect(seen).not.toHaveBeenCalled();
  });

  it('refuses a message for the lack of a scope, and keeps the socket', async () => {
    const client = connect(url, authorization(issuer.mint({ sub: 'ada' })));
    client.send('place');
    expect(await client.next()).toEqual(exception('insufficient_scope', 403));
    client.send('caller');
    expect(await client.next()).toEqual(['caller', 'ada']);
    client.close();
    await expect.poll(() => seen.mock.calls.length).toBe(2);
  });

  it('closes a socket when its token is revoked, and says why', async () => {
    const jti = `stolen-${kind}`;
    const client = connect(url, authorization(issuer.mint({ sub: 'ada', jti })));
    client.send('caller');
    expect(await client.next()).toEqual(['caller', 'ada']);
    await issuer.revoke({ kind: 'jti', id: jti });
    expect(await client.next()).toEqual(exception('token_revoked'));
    expect(await client.closed).toBe(closeCode);
  });

  it('closes an open socket with the first message whose token is bad, not for the lack of one', async () => {
    const mixed = await start(makeAdapter, [MixedGateway]);
    const address = await listen(mixed);
    const { checks } = mixed.get(JwtCoreReadiness);
    await vi.waitUntil(() => checks.every((check) => !check.check()), { timeout: 30_000 });
    const anybody = connect(address, {});
    anybody.send('caller');
    expect(await anybody.next()).toEqual(exception('token_missing'));
    anybody.send('price');
    expect(await anybody.next()).toEqual(['price', 'free']);
    anybody.close();
    await anybody.closed;
    const bad = connect(address, authorization('a.b.c'));
    bad.send('price');
    expect(await bad.next()).toEqual(['price', 'free']);
    bad.send('caller');
    expect(await bad.next()).toEqual(exception('token_invalid'));
    expect(await bad.closed).toBe(closeCode);
    await mixed.close();
  });

  describe('while the issuer is asked for a token', () => {
    let news: INestApplication;
    let gateway: NewsGateway;
    let address: string;
    const token = 'A'.repeat(43);
    const asked = vi.fn();

    beforeEach(async () => {
      asked.mockClear();
      const [, payload = ''] = issuer.mint({ sub: 'ada' }).split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as JsonObject;
      news = await start(makeAdapter, [NewsGateway], {
        referenceTokens: {
          resolve: () => {
            asked();
            return new Promise((resolve) => {
              source.answer = (active) => resolve(active ? claims : undefined);
            });
          },
        },
      });
      address = await listen(news);
      gateway = news.get(NewsGateway);
      const { checks } = news.get(JwtCoreReadiness);
      await vi.waitUntil(() => checks.every((check) => !check.check()), { timeout: 30_000 });
    });
    afterEach(() => news.close());
    const untilAsked = () => expect.poll(() => asked.mock.calls.length).toBeGreaterThan(0);

    // threat:silent-listeners
    it('a client receives nothing that is for everybody', async () => {
      const client = connect(address, authorization(token));
      await untilAsked();
      gateway.send('secret');
      source.answer(false);
      expect(await client.next()).toEqual(exception('token_invalid'));
      expect(await client.closed).toBe(closeCode);
      expect(seen).not.toHaveBeenCalled();
    });

    it('a client that leaves is not admitted any more', async () => {
      const client = connect(address, authorization(token));
      await untilAsked();
      client.close();
      await expect.poll(() => gateway.clients, { interval: 5 }).toBe(0);
      source.answer(true);
      await new Promise((resolve) => setImmediate(resolve));
      expect(news.get(TokenEnds).connections.size).toBe(0);
      expect(seen).not.toHaveBeenCalled();
    });

    it('a client that is good then receives what follows', async () => {
      const client = connect(address, authorization(token));
      await untilAsked();
      gateway.send('early');
      source.answer(true);
      await expect.poll(() => seen.mock.calls.length).toBe(1);
      if (kind.startsWith('ws')) expect(await client.next()).toEqual(['news', 'early']);
      gateway.send('hello');
      expect(await client.next()).toEqual(['news', 'hello']);
      client.close();
      await expect.poll(() => seen.mock.calls.length).toBe(2);
    });
  });

  // threat:forgotten-guards
  it('ends the start if nothing protects its messages', async () => {
    const open = await start(makeAdapter, [GuardedGateway, OpenGateway]);
    await expect(open.init()).rejects.toThrow(
      'socket message "open" (OpenGateway.open) has neither JwtGuard nor @Public()',
    );
    await open.close();
  });

  // threat:silent-listeners
  it('ends the start if nothing protects its connections, though it takes no messages', async () => {
    const open = await start(makeAdapter, [SenderGateway]);
    await expect(open.init()).rejects.toThrow(
      'connections (SenderGateway) has neither JwtGuard nor @Public()',
    );
    await open.close();
  });
});
