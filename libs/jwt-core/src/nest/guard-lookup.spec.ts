import { ApolloDriver } from '@nestjs/apollo';
import {
  type CallHandler,
  type CanActivate,
  Inject,
  Injectable,
  type INestApplication,
  Module,
  type NestInterceptor,
  type Provider,
  Scope,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { GraphQLModule, Query, Resolver, Subscription } from '@nestjs/graphql';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { createClient } from 'graphql-ws';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { JwtCoreReadiness } from '../runtime/readiness.js';
import { TestIssuer } from '../test-issuer/test-issuer.js';
import type { AppOptions } from './app-options.js';
import { Public, RequireScopes } from './decorators.js';
import { globalGuardsReachSockets, GuardLookup } from './guard-lookup.js';
import { JwtCoreModule } from './jwt-core.module.js';
import { JwtGuard } from './jwt.guard.js';
import { ask, createApp, listen, platforms } from './nest-app.fixture.js';
import type { NestModule } from './routes.js';

const nest = vi.hoisted(() => ({ isOld: false }));
vi.mock('@nestjs/websockets/socket-module.js', async (original) => {
  class SocketModule11 {
    getContextCreator(_container: unknown) {}
  }
  const actual = await original<{ SocketModule: unknown }>();
  return {
    get SocketModule() {
      return nest.isOld ? SocketModule11 : actual.SocketModule;
    },
  };
});

const [, express] = platforms[1];
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Another class each time: what an application has noted on it stays. */
function ticksResolver() {
  @Resolver()
  @UseGuards(JwtGuard)
  class TicksResolver {
    @Query(() => String)
    @RequireScopes('top')
    secret() {
      return 'the secret';
    }

    @Subscription(() => String)
    async *ticks() {
      for (let count = 0; ; count++) {
        yield { ticks: String(count) };
        await wait(20);
      }
    }
  }
  return TicksResolver;
}
const TicksResolver = ticksResolver();

@Injectable()
@UseGuards(JwtGuard)
class Neighbour {}

@WebSocketGateway({ path: '/guarded' })
class OrdersGateway {
  @SubscribeMessage('place')
  place() {}
}

const aGlobalGuard = { provide: APP_GUARD, useExisting: JwtGuard };

let issuer: TestIssuer;
let app: INestApplication | undefined;
beforeEach(async () => {
  issuer = await TestIssuer.start();
});
afterEach(async () => {
  nest.isOld = false;
  await app?.close();
  app = undefined;
  await issuer.close();
});

async function make(providers: Provider[], options: AppOptions = {}, imports: object[] = []) {
  const jwt = { issuer: issuer.issuer, audience: issuer.audience, ...options };
  app = await createApp(express, {
    imports: [JwtCoreModule.forRoot(jwt), ...(imports as [])],
    providers,
  });
  app.useWebSocketAdapter(new WsAdapter(app));
  return app;
}

// threat:forgotten-guards
describe('a resolver that is not a class among the providers', () => {
  const subscriptions = { 'graphql-ws': { path: '/graphql' } };
  const graphql = () =>
    GraphQLModule.forRoot({
      driver: ApolloDriver,
      autoSchemaFile: true,
      graphiql: false,
      subscriptions,
    } as never);
  const fault =
    'Query (TicksResolver.secret) has neither JwtGuard nor @Public(), so nothing enforces its ' +
    'decorators: Nest does not call the guards in its @UseGuards()';

  it.each([
    ['made by a factory', { provide: TicksResolver, useFactory: () => new TicksResolver() }],
    [
      'made by a factory that is a function',
      {
        provide: TicksResolver,
        useFactory: function make() {
          return new TicksResolver();
        },
      },
    ],
    ['a value', { provide: 'ticks', useValue: new TicksResolver() }],
  ])('ends the start with its guard that Nest does not call: %s', async (_kind, provider) => {
    const starting = (await make([provider], {}, [graphql()])).init();
    await expect(starting).rejects.toThrow(fault);
  });

  it('starts if it has another name of a class, whose guards are called', async () => {
    @Module({
      providers: [{ provide: 'other', useExisting: TicksResolver }],
    })
    class OtherModule {}
    @Module({ providers: [TicksResolver], exports: [TicksResolver] })
    class TicksModule {}
    const imports = [TicksModule, { module: OtherModule, imports: [TicksModule] }];
    await expect((await make([], {}, imports)).init()).resolves.toBeDefined();
  });

  it('starts if a factory makes it and a guard is called, under another name, too', async () => {
    @Module({ providers: [{ provide: 'other', useExisting: TicksResolver }] })
    class OtherModule {}
    const ticks = { provide: TicksResolver, useFactory: () => new TicksResolver() };
    @Module({ providers: [ticks, Neighbour], exports: [TicksResolver] })
    class TicksModule {}
    const imports = [TicksModule, { module: OtherModule, imports: [TicksModule] }];
    await expect((await make([], {}, imports)).init()).resolves.toBeDefined();
  });

  it.each([
    ['a global one', aGlobalGuard],
    ['its own, which another class has brought into its module', Neighbour],
  ])('is protected by a guard that Nest calls: %s', async (_kind, guarding) => {
    const NewResolver = ticksResolver();
    const useFactory = async () => {
      await wait(50);
      return new NewResolver();
    };
    const ticks = { provide: NewResolver, useFactory };
    const started = await make([ticks, guarding], {}, [graphql()]);
    const url = await listen(started);
    const { body } = await ask(`${url}/graphql`, {
      method: 'POST',
      headers: ['Content-Type', 'application/json'],
      body: JSON.stringify({ query: '{ secret }' }),
    });
    expect(body).toMatchObject({
      errors: [{ extensions: { code: 'UNAUTHENTICATED', problem: { code: 'token_missing' } } }],
    });
    const { checks } = started.get(JwtCoreReadiness);
    await vi.waitUntil(() => checks.every((check) => !check.check()), { timeout: 30_000 });
    const client = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${issuer.mint({ jti: 'one' })}` },
      retryAttempts: 0,
    });
    const events = client.iterate({ query: 'subscription { ticks }' });
    expect(await events.next()).toMatchObject({ value: { data: { ticks: '0' } } });
    await issuer.revoke({ kind: 'jti', id: 'one' });
    let event: IteratorResult<unknown>;
    do event = await events.next();
    while (!event.done);
    await client.dispose();
  });
});

// threat:forgotten-guards
describe('a global JwtGuard', () => {
  it('protects messages of sockets', async () => {
    expect(await globalGuardsReachSockets()).toBe(true);
    await expect((await make([OrdersGateway, aGlobalGuard])).init()).resolves.toBeDefined();
  });

  describe('of Nest 11', () => {
    beforeEach(() => {
      nest.isOld = true;
    });

    it('ends the start with a gateway that has none of its own, as messages do not reach it', async () => {
      expect(await globalGuardsReachSockets()).toBe(false);
      await expect((await make([OrdersGateway, aGlobalGuard])).init()).rejects.toThrow(
        'socket message "place" (OrdersGateway.place) has neither JwtGuard nor @Public(): ' +
          'global guards do not reach it, so it needs @UseGuards(JwtGuard)',
      );
    });

    it('protects connections, and handlers that have one of their own', async () => {
      @WebSocketGateway({ path: '/guarded' })
      class GuardedGateway {
        @SubscribeMessage('place')
        @UseGuards(JwtGuard)
        @RequireScopes('orders:write')
        place() {}

        @SubscribeMessage('price')
        @Public()
        price() {}
      }
      @WebSocketGateway({ path: '/guarded' })
      class NewsGateway {}
      const starting = (await make([GuardedGateway, NewsGateway, aGlobalGuard])).init();
      await expect(starting).resolves.toBeDefined();
    });
  });
});

describe('the guard for connections to a gateway', () => {
  const open: CanActivate = { canActivate: () => true };
  const lookup = (globals: CanActivate[] = []) => {
    const application = { getGlobalGuards: () => globals, getGlobalRequestGuards: () => [] };
    return new GuardLookup({} as never, application as never, {} as never, open, true);
  };
  const moduleWith = (injectables: [unknown, object][]) =>
    ({ injectables: new Map(injectables) }) as unknown as NestModule;

  it('is what the module has in the place of its class', () => {
    const module = moduleWith([[JwtGuard, { instance: open }]]);
    expect(lookup().ofConnections(module, Neighbour)).toBe(open);
  });

  it('is none if its module does not have its class, as no message is guarded, either', () => {
    expect(lookup().ofConnections(moduleWith([]), Neighbour)).toBeUndefined();
  });

  it('is the global one without one of its own', () => {
    expect(lookup([open]).ofConnections(moduleWith([]), OrdersGateway)).toBe(open);
  });
});

// threat:silent-listeners
describe('a gateway that Nest makes for each request', () => {
  const TENANT = Symbol('tenant');
  const tenant = { provide: TENANT, scope: Scope.REQUEST, useFactory: () => 'a' };

  it('ends the start if it is guarded, as Nest makes it after a client is connected', async () => {
    @WebSocketGateway({ path: '/guarded' })
    @UseGuards(JwtGuard)
    class TenantGateway {
      constructor(@Inject(TENANT) readonly tenant: string) {}
    }
    await expect((await make([TenantGateway, tenant])).init()).rejects.toThrow(
      'TenantGateway is made for each request, and Nest makes it after a client is connected',
    );
  });

  it('ends the start because of an interceptor, too, and says what may be the cause', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class TenantInterceptor implements NestInterceptor {
      intercept(_context: unknown, next: CallHandler) {
        return next.handle();
      }
    }
    @WebSocketGateway({ path: '/guarded' })
    @UseGuards(JwtGuard)
    @UseInterceptors(TenantInterceptor)
    class TenantGateway {}
    await expect((await make([TenantGateway])).init()).rejects.toThrow(
      'Give it no dependency, guard, interceptor, pipe or filter of request scope',
    );
  });

  it('starts if it is public, even with a global guard', async () => {
    @WebSocketGateway({ path: '/guarded' })
    @Public()
    class TenantGateway {
      constructor(@Inject(TENANT) readonly tenant: string) {}
    }
    const starting = (await make([TenantGateway, tenant, aGlobalGuard])).init();
    await expect(starting).resolves.toBeDefined();
  });
});
