import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  Injectable,
  type LoggerService,
  Module,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Query, ResolveField, ResolveReference, Resolver } from '@nestjs/graphql';
import { AuthGuard } from '@nestjs/passport';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { WebSocketGateway } from '@nestjs/websockets';
import { describe, expect, it, vi } from 'vitest';
import { AccessGuard } from './access.guard.js';
import type { AppOptions } from './app-options.js';
import { Freshness, OptionalAuth, Public, RequireScopes } from './decorators.js';
import { JwtCoreModule } from './jwt-core.module.js';
import { JwtGuard } from './jwt.guard.js';
import { JwtStrategy } from '../passport/jwt.strategy.js';
import { ask, createApp, listen, platforms } from './nest-app.fixture.js';

const jwt = (options: AppOptions = {}) =>
  JwtCoreModule.forRoot({
    issuer: 'http://127.0.0.1:1',
    audience: 'api',
    keySet: { get: () => undefined, find: async () => undefined },
    revocations: { read: () => new Promise(() => undefined) },
    ...options,
  });

/** @throws what the start ends with */
async function startAndStop(app: INestApplication): Promise<void> {
  try {
    await app.init();
  } finally {
    await app.close();
  }
}

@Injectable()
class ApiKeyGuard implements CanActivate {
  canActivate(context: ExecutionContext) {
    return context.switchToHttp().getRequest<Request>().headers['x-api-key' as never] === 'k';
  }
}

/** A composite: either an API key or a token. */
@Injectable()
class ApiKeyOrJwtGuard implements CanActivate {
  constructor(private readonly jwtGuard: JwtGuard) {}

  canActivate(context: ExecutionContext) {
    return new ApiKeyGuard().canActivate(context) || this.jwtGuard.canActivate(context);
  }
}

const ApiKeyOrPassport = AuthGuard(['apikey', 'jwt']);
const instance = new ApiKeyGuard();

function controller(onClass: ClassDecorator[], onHandler: MethodDecorator[] = []): Type {
  class OrdersController {
    @Get()
    find() {
      return {};
    }
  }
  for (const decorate of [...onClass, Controller('orders')]) decorate(OrdersController);
  const method = Object.getOwnPropertyDescriptor(OrdersController.prototype, 'find')!;
  for (const decorate of onHandler) decorate(OrdersController.prototype, 'find', method);
  return OrdersController;
}

/** As if it came from a package: it has no decorators of ours. */
const thirdParty = () => controller([]);

describe.each(platforms)('an application on %s', (_, makeAdapter) => {
  const start = async (type: Type, options: AppOptions = {}, logger?: LoggerService) => {
    const providers = [JwtStrategy];
    const metadata = { imports: [jwt(options)], controllers: [type], providers };
    const app = await createApp(makeAdapter, metadata, logger);
    try {
      const url = await listen(app);
      const get = async (...headers: string[]) => (await ask(`${url}/orders`, { headers })).status;
      return [await get(), await get('X-Api-Key', 'k')];
    } finally {
      await app.close();
    }
  };
  const guards = [ApiKeyGuard];

  it.each([
    ['a guard that counts', [UseGuards(ApiKeyGuard)], { guards }, [403, 200]],
    ['an instance that counts', [UseGuards(instance)], { guards: [instance] }, [403, 200]],
    [
      'a guard that counts, and demands that AccessGuard enforces',
      [UseGuards(ApiKeyGuard, AccessGuard), RequireScopes('a')],
      { guards },
      [403, 401],
    ],
    [
      'a guard that has JwtGuard injected',
      [UseGuards(ApiKeyOrJwtGuard), RequireScopes('a'), Freshness('2s')],
      { guards: [ApiKeyOrJwtGuard] },
      [401, 200],
    ],
    ['JwtGuard put on a third-party controller', [UseGuards(JwtGuard)], {}, [401, 401]],
    ['@Public() put on a third-party controller', [Public()], {}, [200, 200]],
    ['JwtGuard with @OptionalAuth()', [UseGuards(JwtGuard), OptionalAuth()], {}, [200, 200]],
  ])('starts with %s', async (_name, decorators, options, statuses) => {
    const type = thirdParty();
    for (const decorate of decorators as ClassDecorator[]) decorate(type);
    expect(await start(type, options)).toEqual(statuses);
  });

  it.each([
    ['a guard that does not count', [UseGuards(ApiKeyGuard)], {}, 'has neither JwtGuard'],
    [
      'another instance than the one that counts',
      [UseGuards(new ApiKeyGuard())],
      { guards: [instance] },
      'has neither JwtGuard',
    ],
    [
      'demands that a guard that counts does not enforce',
      [UseGuards(ApiKeyGuard), RequireScopes('a')],
      { guards },
      'has ApiKeyGuard, which knows no scopes or roles: add AccessGuard',
    ],
    [
      'a limit that a guard that counts does not heed',
      [UseGuards(ApiKeyGuard), Freshness('2s')],
      { guards },
      'which cannot heed',
    ],
    [
      '@OptionalAuth() behind passport',
      [UseGuards(AuthGuard('jwt')), OptionalAuth()],
      {},
      'cannot heed @OptionalAuth()',
    ],
    [
      '@OptionalAuth() beside @Public()',
      [UseGuards(JwtGuard), OptionalAuth(), Public()],
      {},
      '@OptionalAuth() contradicts @Public()',
    ],
    [
      '@OptionalAuth() with demands',
      [UseGuards(JwtGuard), OptionalAuth(), RequireScopes('a')],
      {},
      '@OptionalAuth() contradicts @RequireScopes()',
    ],
    [
      'demands without a guard, even if unprotected routes are tolerated',
      [RequireScopes('a')],
      { unprotectedRoutes: 'warn' as const },
      'nothing enforces its decorators',
    ],
  ])('does not start with %s', async (_name, decorators, options, fault) => {
    await expect(start(controller(decorators as ClassDecorator[]), options)).rejects.toThrow(fault);
  });

  it('starts with unprotected routes if it is asked to, and names each in a warning', async () => {
    const logger = { log: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const statuses = await start(thirdParty(), { unprotectedRoutes: 'warn' }, logger);
    expect(statuses).toEqual([200, 200]);
    expect(logger.warn).toHaveBeenCalledWith(
      'These routes are open to anybody:\n' +
        '  GET /orders (OrdersController.find) has neither JwtGuard nor @Public()',
      'JwtGuard',
    );
  });
});

// threat:forgotten-guards
describe('a resolver that is reached without @Query()', () => {
  const start = async (type: Type) => {
    const app = await createApp(platforms[0][1], { imports: [jwt()], providers: [type] });
    await startAndStop(app);
  };

  it.each([
    ['with @ResolveField()', [ResolveField()]],
    ['bare', []],
  ])('ends the start if its class is a root type and nothing protects it: %s', async (_, on) => {
    @Resolver('Query')
    class OpenResolver {
      open() {}
    }
    const open = Object.getOwnPropertyDescriptor(OpenResolver.prototype, 'open')!;
    for (const decorate of on) decorate(OpenResolver.prototype, 'open', open);
    await expect(start(OpenResolver)).rejects.toThrow(
      'Query (OpenResolver.open) has neither JwtGuard nor @Public()',
    );
    UseGuards(JwtGuard)(OpenResolver);
    await expect(start(OpenResolver)).resolves.toBeUndefined();
  });

  it('ends the start if it resolves references, which no guard protects, until it is public', async () => {
    @Resolver('Order')
    @UseGuards(JwtGuard)
    class OrderResolver {
      @ResolveField()
      lines() {}

      @ResolveReference()
      find() {}
    }
    await expect(start(OrderResolver)).rejects.toThrow(
      'reference to Order (OrderResolver.find) is reached by _entities',
    );
    const find = Object.getOwnPropertyDescriptor(OrderResolver.prototype, 'find')!;
    Public()(OrderResolver.prototype, 'find', find);
    // Decorators count from the first look at them.
    await expect(start(class extends OrderResolver {})).resolves.toBeUndefined();
  });
});

// threat:silent-listeners
describe('a gateway that only sends', () => {
  const start = async (guard: Type<CanActivate>) => {
    @WebSocketGateway({ path: '/news' })
    @UseGuards(guard)
    class NewsGateway {}
    const imports = [jwt({ guards: [ApiKeyOrJwtGuard, ApiKeyGuard] })];
    const providers = [NewsGateway, JwtStrategy];
    const app = await createApp(platforms[0][1], { imports, providers });
    app.useWebSocketAdapter(new WsAdapter(app));
    await startAndStop(app);
  };

  it.each([
    ['a guard that counts elsewhere', ApiKeyGuard],
    ['a guard that has JwtGuard injected', ApiKeyOrJwtGuard],
    ["AuthGuard('jwt')", AuthGuard('jwt')],
  ])('ends the start behind %s, which Nest does not call', async (_name, guard) => {
    await expect(start(guard)).rejects.toThrow(
      'connections (NewsGateway) has neither JwtGuard nor @Public()',
    );
  });

  it('starts behind JwtGuard', async () => {
    await expect(start(JwtGuard)).resolves.toBeUndefined();
  });

  it('ends the start if nothing protects its connections, though it is a resolver, too', async () => {
    @Resolver()
    @WebSocketGateway({ path: '/news' })
    class NewsResolver {
      @Query(() => String)
      @Public()
      latest() {}
    }
    const app = await createApp(platforms[0][1], { imports: [jwt()], providers: [NewsResolver] });
    app.useWebSocketAdapter(new WsAdapter(app));
    await expect(startAndStop(app)).rejects.toThrow(
      'connections (NewsResolver) has neither JwtGuard nor @Public()',
    );
  });
});

describe("AuthGuard(['apikey', 'jwt'])", () => {
  it('counts if it has one name and is listed under it', async () => {
    const [, makeAdapter] = platforms[0];
    const type = controller([UseGuards(ApiKeyOrPassport)]);
    const start = async (options: AppOptions) => {
      const metadata = { imports: [jwt(options)], controllers: [type], providers: [JwtStrategy] };
      const app = await createApp(makeAdapter, metadata);
      await startAndStop(app);
    };
    await expect(start({})).rejects.toThrow('has neither JwtGuard');
    await expect(start({ guards: [ApiKeyOrPassport] })).resolves.toBeUndefined();
  });
});

describe('a test that overrides JwtGuard', () => {
  const open: CanActivate = { canActivate: () => true };

  it('reaches routes with @UseGuards(JwtGuard) by overrideGuard', async () => {
    const type = controller([UseGuards(JwtGuard), RequireScopes('a')]);
    const testing = Test.createTestingModule({ imports: [jwt()], controllers: [type] });
    const module = await testing.overrideGuard(JwtGuard).useValue(open).compile();
    const app = module.createNestApplication(platforms[0][1](), { logger: false });
    const url = await listen(app);
    expect((await ask(`${url}/orders`)).status).toBe(200);
    await app.close();
  });

  it('reaches routes with a global JwtGuard by overrideProvider, if it was given by useExisting', async () => {
    @Module({
      imports: [jwt()],
      controllers: [controller([])],
      providers: [{ provide: APP_GUARD, useExisting: JwtGuard }],
    })
    class AppModule {}
    const testing = Test.createTestingModule({ imports: [AppModule] });
    const module = await testing.overrideProvider(JwtGuard).useValue(open).compile();
    const app = module.createNestApplication(platforms[0][1](), { logger: false });
    const url = await listen(app);
    expect((await ask(`${url}/orders`)).status).toBe(200);
    await app.close();
  });
});

it.each([
  [{ unprotectedRoutes: 'ignore' as never }, "unprotectedRoutes is 'refuse' or 'warn', not ignore"],
  [{ guards: ApiKeyGuard as never }, 'guards is a list of guards'],
  [{ guards: [class NoGuard {}] as never }, 'guards is a list of guards'],
  [{ guards: [undefined] as never }, 'guards is a list of guards'],
  [{ tokenFrom: 'cookie' as never }, 'tokenFrom is not a function'],
  [{ onRefused: {} as never }, 'onRefused is not a function'],
])('%j is refused at the start', async (options, fault) => {
  const metadata = { imports: [jwt(options)] };
  await expect(createApp(platforms[0][1], metadata)).rejects.toThrow(fault);
});
