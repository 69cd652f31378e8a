import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import {
  type CallHandler,
  Controller,
  Get,
  type INestApplication,
  type NestInterceptor,
  Req,
  Sse,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { ApolloDriver } from '@nestjs/apollo';
import { Args, Context, GraphQLModule, Query, Resolver, Subscription } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { createClient } from 'graphql-ws';
import { interval, map, merge, NEVER } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { JwtCoreReadiness } from '../runtime/readiness.js';
import { TestIssuer } from '../test-issuer/test-issuer.js';
import { JwtCoreModule } from './jwt-core.module.js';
import { JwtGuard } from './jwt.guard.js';
import { ask, bearer, createApp, listen, platforms } from './nest-app.fixture.js';
import { principalSignal, TokenEnds } from './token-ends.js';

/** Merges events of its own into a stream, which go on when that has ended. */
const heartbeat: NestInterceptor = {
  intercept: (_context: unknown, next: CallHandler) =>
    merge(next.handle(), interval(20).pipe(map(() => ({ data: 'beat' })))),
};

@Controller()
@UseGuards(JwtGuard)
class StreamController {
  @Sse('events')
  events() {
    return interval(20).pipe(map((count) => ({ data: String(count) })));
  }

  @Sse('beats')
  @UseInterceptors(heartbeat)
  beats() {
    return NEVER;
  }

  @Get('lines')
  async *lines() {
    for (let count = 0; ; count++) {
      yield `${count}\n`;
      await wait(20);
    }
  }

  @Get('work')
  work(@Req() request: object) {
    const signal = principalSignal(request);
    if (principalSignal(request) !== signal) throw new Error('two signals for one request');
    return new Promise((resolve) =>
      signal.addEventListener('abort', () =>
        resolve({ ended: (signal.reason as { code: string }).code }),
      ),
    );
  }

  @Get('quick')
  quick(@Req() request: object) {
    return { aborted: principalSignal(request).aborted };
  }
}

@WebSocketGateway({ path: '/socket' })
@UseGuards(JwtGuard)
class Gateway {
  @SubscribeMessage('x')
  x() {}
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

@Resolver()
@UseGuards(JwtGuard)
class TicksResolver {
  @Query(() => Boolean)
  quick(@Context() context: { req?: object; reply?: { request: object } }) {
    return principalSignal(context.req ?? context.reply!.request).aborted;
  }

  @Subscription(() => String)
  async *ticks() {
    for (let count = 0; ; count++) {
      yield { ticks: String(count) };
      await wait(20);
    }
  }

  /** One event, and then none for ever: it must end while it waits. */
  @Subscription(() => String)
  async *silence(@Args('x', { nullable: true }) _x?: string) {
    yield { silence: 'first' };
    await new Promise(() => undefined);
  }
}

const [[, fastify], [, express]] = platforms;
const subscriptions = { 'graphql-ws': { path: '/graphql' } };
const graphql = [
  ['Fastify, with Mercurius', fastify, MercuriusDriver, { subscription: true }],
  ['Express, with Apollo', express, ApolloDriver, { subscriptions }],
] as const;

interface RevocableToken {
  readonly token: string;
  readonly revoke: () => Promise<unknown>;
}

/** Revokes the token of a subscription after its first event, and waits until it is completed. */
async function subscribeAndRevoke(
  url: string,
  field: string,
  { token, revoke }: RevocableToken,
): Promise<void> {
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
  });
  const events = client.iterate({ query: `subscription { ${field} }` });
  expect((await events.next()).value).toMatchObject({
    data: { [field]: expect.any(String) as string },
  });
  void revoke();
  let result: IteratorResult<unknown>;
  do result = await events.next();
  while (!result.done);
  await client.dispose();
}

describe.each(graphql)('what is open on %s', (_name, makeAdapter, driver, options) => {
  let issuer: TestIssuer;
  let app: INestApplication;
  let url: string;
  let tokens = 0;

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    app = await createApp(makeAdapter, {
      imports: [
        JwtCoreModule.forRoot({
          issuer: issuer.issuer,
          audience: issuer.audience,
          clockToleranceSeconds: 0,
        }),
        GraphQLModule.forRoot({
          driver,
          autoSchemaFile: true,
          graphiql: false,
          ...options,
        } as never),
      ],
      controllers: [StreamController],
      providers: [TicksResolver],
    });
    url = await listen(app);
    const { checks } = app.get(JwtCoreReadiness);
    await vi.waitUntil(() => checks.every((check) => !check.check()), { timeout: 30_000 });
  });
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  const mint = () => {
    const jti = `token-${(tokens += 1)}`;
    return { token: issuer.mint({ jti }), revoke: () => issuer.revoke({ kind: 'jti', id: jti }) };
  };
  const openConnections = () => app.get(TokenEnds).connections.size;
  const untilAllClosed = () => expect.poll(() => openConnections(), { interval: 10 }).toBe(0);
  const get = async (path: string, token: string) => {
    const request = httpGet(url + path, { headers: { authorization: bearer(token)[1] } });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  };

  it.each([
    ['a stream of SSE', '/events'],
    ['one into which an interceptor of its handler merges', '/beats'],
    ['what a generator yields', '/lines'],
  ])('%s is completed when its token is revoked', async (_stream, path) => {
    const { token, revoke } = mint();
    const response = await get(path, token);
    await once(response, 'data');
    expect(openConnections()).toBe(1);
    void revoke();
    await once(response.resume(), 'end');
    expect(response.complete).toBe(true);
    expect(openConnections()).toBe(0);
  });

  it('a stream of SSE is completed when its token expires', async () => {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const response = await get(
      '/events',
      issuer.mint({ iat: nowSeconds - 9, exp: nowSeconds + 2 }),
    );
    await once(response.resume(), 'end');
    expect(Math.floor(Date.now() / 1000)).toBe(nowSeconds + 2);
  });

  it.each(['/events', '/lines'])('is forgotten when a client leaves %s', async (path) => {
    const response = await get(path, mint().token);
    await once(response, 'data');
    response.destroy();
    await untilAllClosed();
  });

  it('principalSignal(request) is aborted', async () => {
    const { token, revoke } = mint();
    const answering = get('/work', token);
    await expect.poll(() => openConnections(), { interval: 5 }).toBe(1);
    void revoke();
    const [body] = (await once(await answering, 'data')) as [Buffer];
    expect(JSON.parse(body.toString())).toEqual({ ended: 'token_revoked' });
    await untilAllClosed();
  });

  it('a request that is answered is not open', async () => {
    const response = await get('/quick', mint().token);
    const [body] = (await once(response, 'data')) as [Buffer];
    expect(JSON.parse(body.toString())).toEqual({ aborted: false });
    await untilAllClosed();
  });

  it('a query that is answered is not open, though its connection is', async () => {
    const body = JSON.stringify({ query: '{ quick }' });
    const headers = ['Content-Type', 'application/json', ...bearer(mint().token)];
    const answer = await ask(`${url}/graphql`, { method: 'POST', headers, body });
    expect(answer.body).toEqual({ data: { quick: false } });
    // The connection stays for five seconds.
    await expect.poll(openConnections, { timeout: 4_000, interval: 10 }).toBe(0);
  });

  it.each(['ticks', 'silence'])('the subscription %s is completed', async (field) => {
    await subscribeAndRevoke(url, field, mint());
    await untilAllClosed();
  });

  it('a subscription without a token is refused', async () => {
    const client = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
    });
    const events = client.iterate({ query: 'subscription { ticks }' });
    const refusal = await events.next().then(
      ({ value }) => value as unknown,
      (error: unknown) => error,
    );
    expect(JSON.stringify(refusal)).toMatch(/UNAUTHENTICATED.*token_missing/s);
    await client.dispose();
  });
});

it('a subscription is completed where a global GraphQLModule reads its handler first', async () => {
  // No other application has prepared its handlers.
  @Resolver()
  @UseGuards(JwtGuard)
  class NewsResolver {
    @Query(() => Boolean)
    quick() {}

    @Subscription(() => String)
    async *news() {
      yield { news: 'first' };
      await new Promise(() => undefined);
    }
  }
  const issuer = await TestIssuer.start();
  const [, makeAdapter, driver, options] = graphql[0];
  const module = GraphQLModule.forRoot({ driver, autoSchemaFile: true, ...options } as never);
  const app = await createApp(makeAdapter, {
    imports: [
      { ...module, global: true },
      JwtCoreModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience }),
    ],
    providers: [NewsResolver],
  });
  const url = await listen(app);
  const { checks } = app.get(JwtCoreReadiness);
  await vi.waitUntil(() => checks.every((check) => !check.check()), { timeout: 30_000 });
  const token = issuer.mint({ jti: 'revoked' });
  const revoke = () => issuer.revoke({ kind: 'jti', id: 'revoked' });
  await subscribeAndRevoke(url, 'news', { token, revoke });
  await app.close();
  await issuer.close();
});

describe.each(platforms)('a socket of ws on %s', (_name, makeAdapter) => {
  it('is closed with 4401 when its token is revoked, though it sends nothing', async () => {
    const issuer = await TestIssuer.start();
    const app = await createApp(makeAdapter, {
      imports: [JwtCoreModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience })],
      providers: [Gateway],
    });
    app.useWebSocketAdapter(new WsAdapter(app));
    const url = await listen(app);
    const { checks } = app.get(JwtCoreReadiness);
    await vi.waitUntil(() => checks.every((check) => !check.check()), { timeout: 30_000 });
    const { connections } = app.get(TokenEnds);
    const open = async (jti: string) => {
      const headers = { authorization: `Bearer ${issuer.mint({ jti })}` };
      const socket = new WebSocket(`${url.replace('http', 'ws')}/socket`, { headers });
      await once(socket, 'open');
      return socket;
    };
    const [revoked, kept] = [await open('revoked'), await open('kept')];
    await expect.poll(() => connections.size, { interval: 5 }).toBe(2);
    const message = once(revoked, 'message');
    const closed = once(revoked, 'close');
    await issuer.revoke({ kind: 'jti', id: 'revoked' });
    const [text] = (await message) as [Buffer];
    expect(JSON.parse(text.toString())).toMatchObject({
      event: 'exception',
      data: { code: 'token_revoked' },
    });
    expect((await closed)[0]).toBe(4401);
    expect(kept.readyState).toBe(WebSocket.OPEN);
    kept.close();
    await expect.poll(() => connections.size, { interval: 5 }).toBe(0);
    await app.close();
    await issuer.close();
  });
});
