import { Controller, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  type ClientProxy,
  MessagePattern,
  type MicroserviceOptions,
  NatsContext,
  Transport,
} from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { firstValueFrom, interval, tap, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bearerToken } from '../http/bearer-token.js';
import { JwtCoreReadiness } from '../runtime/readiness.js';
import { TestIssuer } from '../test-issuer/test-issuer.js';
import type { Principal } from '../verifier/claims.js';
import { CurrentPrincipal, Public, RequireScopes } from './decorators.js';
import { JwtCoreModule } from './jwt-core.module.js';
import { JwtGuard } from './jwt.guard.js';
import { createApp, platforms } from './nest-app.fixture.js';
import { provideProblems } from './problem.filter.js';
import { messageRequestOf } from './calls.js';
import { TokenEnds } from './token-ends.js';

@Controller()
@UseGuards(JwtGuard)
class OrdersController {
  @MessagePattern('caller')
  caller(@CurrentPrincipal() caller: Principal) {
    return caller.subject;
  }

  @MessagePattern('place')
  @RequireScopes('orders:write')
  place() {
    return 'placed';
  }

  @MessagePattern('prices')
  prices() {
    return interval(20);
  }

  @MessagePattern('price')
  @Public()
  price() {
    return 'free';
  }
}

@Controller()
class OpenController {
  @MessagePattern({ cmd: 'open' })
  open() {
    return '';
  }
}

@WebSocketGateway()
class OpenGateway {
  @SubscribeMessage('open')
  open() {}
}

/** Sends metadata with each message, as an interceptor of a calling service would. */
function withMetadata(client: ClientProxy, metadata: object): ClientProxy {
  const { serializer } = client as unknown as {
    serializer: { serialize(packet: object): object };
  };
  const serialize = serializer.serialize.bind(serializer);
  serializer.serialize = (packet) => ({ ...serialize(packet), metadata });
  return client;
}

describe.each([
  ['Nest', []],
  ['ProblemFilter', [provideProblems()]],
])('a message over TCP, answered by %s', (_name, providers) => {
  let issuer: TestIssuer;
  let app: Awaited<ReturnType<typeof NestFactory.createMicroservice>>;
  let port: number;

  const send = async (pattern: string, metadata: object) => {
    const options = { host: '127.0.0.1', port };
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
    try {
      return await firstValueFrom(withMetadata(client, metadata).send<unknown>(pattern, {}));
    } finally {
      await client.close();
    }
  };

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    @Module({
      imports: [
        JwtCoreModule.forRoot({
          issuer: issuer.issuer,
          audience: issuer.audience,
          // Of a message there is no request to read.
          tokenFrom: () => 'a.b.c',
        }),
      ],
      controllers: [OrdersController],
      providers,
    })
    class AppModule {}
    app = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule, {
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: 0 },
      logger: false,
      abortOnError: false,
    });
    await app.listen();
    port = app.unwrap<{ address(): { port: number } }>().address().port;
    const { checks } = app.get(JwtCoreReadiness);
    await vi.waitUntil(() => checks.every((check) => !check.check()), { timeout: 30_000 });
  });
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  it('is let in with a valid token in its metadata', async () => {
    const authorization = `Bearer ${issuer.mint({ sub: 'ada', scope: 'orders:write' })}`;
    expect(await send('caller', { authorization })).toBe('ada');
    expect(await send('place', { Authorization: authorization })).toBe('placed');
    expect(await send('price', {})).toBe('free');
  });

  it('is answered with a stream until its token is revoked', async () => {
    const authorization = `Bearer ${issuer.mint({ jti: 'prices' })}`;
    const client = ClientProxyFactory.create({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port },
    });
    const answers = withMetadata(client, { authorization }).send<number>('prices', {});
    const revoke = tap((count: number) => {
      if (count === 2) void issuer.revoke({ kind: 'jti', id: 'prices' });
    });
    const prices = await firstValueFrom(answers.pipe(revoke, toArray()));
    expect(prices.slice(0, 3)).toEqual([0, 1, 2]);
    expect(app.get(TokenEnds).connections.size).toBe(0);
    await client.close();
  });

  it('is not followed once it is answered', async () => {
    const add = vi.spyOn(app.get(TokenEnds).connections, 'add');
    const authorization = `Bearer ${issuer.mint({ sub: 'ada' })}`;
    expect(await send('caller', { authorization })).toBe('ada');
    expect(add).not.toHaveBeenCalled();
    add.mockRestore();
  });

  it.each([
    ['no token', () => ({}), 401, 'token_missing'],
    ['a bad one', () => ({ authorization: 'Bearer a.b.c' }), 401, 'token_invalid'],
    ['no text', () => ({ authorization: 7 }), 401, 'token_invalid'],
    ['two', () => ({ authorization: ['Bearer a', 'Bearer b'] }), 401, 'token_invalid'],
    [
      'a lack of scope',
      () => ({ authorization: `Bearer ${issuer.mint()}` }),
      403,
      'insufficient_scope',
    ],
  ])(
    'is refused with %s, without an internal message',
    async (_case, metadata, statusCode, code) => {
      await expect(send('place', metadata())).rejects.toEqual({
        status: 'error',
        message: statusCode === 401 ? 'Unauthorized' : 'Forbidden',
        code,
        statusCode,
      });
    },
  );
});

// threat:forgotten-guards
describe('a message handler that nothing protects', () => {
  const jwt = JwtCoreModule.forRoot({ issuer: 'http://127.0.0.1:1', audience: 'api' });
  const fault = 'message {"cmd":"open"} (OpenController.open) has neither JwtGuard nor @Public()';

  it('ends the start of a microservice', async () => {
    @Module({ imports: [jwt], controllers: [OpenController] })
    class AppModule {}
    const app = await NestFactory.createMicroservice(AppModule, {
      logger: false,
      abortOnError: false,
    });
    await expect(app.init()).rejects.toThrow(fault);
    await app.close();
  });

  it('ends the start of a microservice that opens a port for sockets, too', async () => {
    @Module({ imports: [jwt], providers: [OpenGateway] })
    class AppModule {}
    const app = await NestFactory.createMicroservice(AppModule, {
      logger: false,
      abortOnError: false,
    });
    app.useWebSocketAdapter(new WsAdapter(app));
    await expect(app.init()).rejects.toThrow(
      'socket message "open" (OpenGateway.open) has neither JwtGuard nor @Public()',
    );
    await app.close();
  });

  it('ends the start of an application with an HTTP server, even with a global guard', async () => {
    const app = await createApp(platforms[0][1], { imports: [jwt], controllers: [OpenController] });
    app.useGlobalGuards(app.get(JwtGuard));
    await expect(app.init()).rejects.toThrow(fault);
    await app.close();
  });
});

it.each([
  [
    'headers of NATS',
    new NatsContext(['orders', new Map([['authorization', 'Bearer a']])] as never),
  ],
  [
    'an upper case header of NATS',
    new NatsContext(['orders', new Map([['Authorization', 'Bearer a']])] as never),
  ],
  ['metadata of gRPC', new Map([['authorization', ['Bearer a']]])],
  [
    'headers of Kafka',
    { getMessage: () => ({ headers: { authorization: Buffer.from('Bearer a') } }) },
  ],
  [
    'headers of RabbitMQ',
    { getMessage: () => ({ properties: { headers: { authorization: 'Bearer a' } } }) },
  ],
])('the token is found in %s', (_name, context) => {
  expect(bearerToken(messageRequestOf(context as never))).toBe('a');
});

it.each([
  ['no headers', new NatsContext(['orders', undefined] as never)],
  ['an empty header', new NatsContext(['orders', new Map([['authorization', '']])] as never)],
])('there is no token in a message with %s', (_name, context) => {
  expect(() => bearerToken(messageRequestOf(context as never))).toThrow('no Authorization header');
});
