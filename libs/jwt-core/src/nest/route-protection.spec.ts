import {
  type CanActivate,
  Controller,
  Get,
  Injectable,
  type INestApplication,
  Module,
  type ModuleMetadata,
  Post,
  Scope,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { afterEach, describe, expect, it } from 'vitest';
import { AccessGuard } from './access.guard.js';
import { AcceptStale, Freshness, Public, RequireRoles, RequireScopes } from './decorators.js';
import { JwtCoreModule } from './jwt-core.module.js';
import { JwtGuard } from './jwt.guard.js';
import { JwtStrategy } from '../passport/jwt.strategy.js';
import { createApp, platforms } from './nest-app.fixture.js';

const jwt = JwtCoreModule.forRoot({
  issuer: 'http://127.0.0.1:1',
  audience: 'api',
  keySet: { get: () => undefined, find: async () => undefined },
  revocations: { read: () => new Promise(() => undefined) },
});

@Injectable()
class OtherGuard implements CanActivate {
  canActivate() {
    return true;
  }
}

@Injectable()
class DerivedGuard extends JwtGuard {}

@Injectable({ scope: Scope.REQUEST })
class RequestScopedGuard extends JwtGuard {}

@Injectable()
class DerivedAuthGuard extends AuthGuard('jwt') {}

abstract class Orders {
  @Get()
  list() {}
}

/** A controller of one route, decorated so on the class and so on the handler. */
function controller(onClass: ClassDecorator[], onHandler: MethodDecorator[] = []): Type {
  class OrdersController {
    @Get(':id')
    find() {}
  }
  for (const decorate of [...onClass, Controller('orders')]) decorate(OrdersController);
  const { prototype } = OrdersController;
  const method = Object.getOwnPropertyDescriptor(prototype, 'find')!;
  for (const decorate of onHandler) decorate(prototype, 'find', method);
  return OrdersController;
}

describe.each(platforms)('an application on %s', (_, makeAdapter) => {
  let app: INestApplication | undefined;

  const start = async (
    metadata: ModuleMetadata,
    configure: (app: INestApplication) => void = () => undefined,
  ) => {
    app = await createApp(makeAdapter, {
      ...metadata,
      imports: [jwt, ...(metadata.imports ?? [])],
    });
    configure(app);
    await app.init();
  };
  const startWith = (type: Type, providers: ModuleMetadata['providers'] = []) =>
    start({ controllers: [type], providers });

  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  // threat:forgotten-guards
  it('does not start with routes that nothing protects, and names each', async () => {
    @Controller(['orders', 'v1/orders'])
    class OrdersController {
      @Get()
      @UseGuards(JwtGuard)
      list() {}

      @Get(':id')
      find() {}

      @Post(['', 'place'])
      @UseGuards(OtherGuard)
      place() {}
    }
    @Controller()
    class StatusController {
      @Get('status')
      status() {}

      @Get('open')
      @Public()
      open() {}
    }
    const started = start({ controllers: [OrdersController, StatusController] });
    await expect(started).rejects.toThrow(
      [
        '  GET /orders/:id, /v1/orders/:id (OrdersController.find) has neither JwtGuard nor @Public()',
        '  POST /orders, /orders/place, /v1/orders, /v1/orders/place (OrdersController.place) has neither JwtGuard nor @Public()',
        '  GET /status (StatusController.status) has neither JwtGuard nor @Public()',
      ].join('\n'),
    );
    await expect(started).rejects.not.toThrow(/list|open/);
  });

  it('looks at the routes of every module', async () => {
    @Module({ controllers: [controller([])] })
    class OrdersModule {}
    await expect(start({ imports: [OrdersModule] })).rejects.toThrow('(OrdersController.find)');
  });

  it('looks at inherited routes', async () => {
    @Controller('orders')
    class InheritingController extends Orders {}
    await expect(startWith(InheritingController)).rejects.toThrow(
      'GET /orders (InheritingController.list)',
    );
  });

  it('starts without routes', async () => {
    await expect(start({})).resolves.toBeUndefined();
  });

  it.each([
    ['JwtGuard on the class', controller([UseGuards(JwtGuard)])],
    ['JwtGuard on the handler', controller([], [UseGuards(JwtGuard)])],
    [
      'JwtGuard beside others',
      controller([UseGuards(OtherGuard)], [UseGuards(OtherGuard, JwtGuard)]),
    ],
    ['a guard derived from JwtGuard', controller([UseGuards(DerivedGuard)])],
    ['@Public() on the class', controller([Public()])],
    ['@Public() on the handler', controller([], [Public()])],
    [
      'JwtGuard with demands',
      controller(
        [UseGuards(JwtGuard), RequireRoles('admin')],
        [RequireScopes('a'), Freshness('2s')],
      ),
    ],
  ])('starts with %s', async (_name, type) => {
    await expect(startWith(type)).resolves.toBeUndefined();
  });

  it.each([
    ['as a class', { provide: APP_GUARD, useClass: JwtGuard }],
    ['derived', { provide: APP_GUARD, useClass: DerivedGuard }],
    ['as the one that the module has', { provide: APP_GUARD, useExisting: JwtGuard }],
    ['in the scope of a request', { provide: APP_GUARD, useClass: RequestScopedGuard }],
  ])('starts with a global JwtGuard given %s', async (_name, provider) => {
    await expect(startWith(controller([]), [provider])).resolves.toBeUndefined();
  });

  it('starts with a global JwtGuard that main.ts sets', async () => {
    const starting = start({ controllers: [controller([])] }, (made) => {
      made.useGlobalGuards(made.get(JwtGuard));
    });
    await expect(starting).resolves.toBeUndefined();
  });

  it.each([
    [
      'a guard of another kind',
      controller([UseGuards(OtherGuard)]),
      'has neither JwtGuard nor @Public()',
    ],
    [
      'AuthGuard of another strategy',
      controller([UseGuards(AuthGuard('local'))]),
      'has neither JwtGuard',
    ],
    [
      'AuthGuard of several strategies',
      controller([UseGuards(AuthGuard(['jwt', 'local']))]),
      'has neither JwtGuard',
    ],
    ['AccessGuard alone', controller([UseGuards(AccessGuard)]), 'has neither JwtGuard'],
    ['demands alone', controller([RequireScopes('a')]), 'has neither JwtGuard'],
    [
      'an open handler with demands',
      controller([UseGuards(JwtGuard)], [Public(), RequireScopes('a')]),
      '@Public() contradicts',
    ],
    [
      'an open class with demands on the handler',
      controller([Public()], [RequireRoles('a')]),
      '@Public() contradicts',
    ],
    [
      'a handler strict and lax at once',
      controller([UseGuards(JwtGuard)], [Freshness('2s'), AcceptStale()]),
      '@Freshness() contradicts',
    ],
  ])('does not start with %s', async (_name, type, fault) => {
    await expect(startWith(type)).rejects.toThrow(
      `GET /orders/:id (OrdersController.find) ${fault}`,
    );
  });

  it('does not start with a handler that its constructor puts out of reach of its decorators', async () => {
    @Controller('orders')
    @UseGuards(JwtGuard)
    class BoundController {
      constructor() {
        this.find = this.find.bind(this);
      }
      @Get()
      @RequireScopes('a')
      find() {}
    }
    await expect(startWith(BoundController)).rejects.toThrow('(BoundController.find) was replaced');
  });

  describe("behind AuthGuard('jwt')", () => {
    it.each([
      ['without demands', controller([UseGuards(AuthGuard('jwt'))])],
      ['derived', controller([UseGuards(DerivedAuthGuard)])],
      [
        'with AccessGuard after it',
        controller([UseGuards(AuthGuard('jwt'), AccessGuard), RequireScopes('a')]),
      ],
      [
        'with AccessGuard on the handler',
        controller([UseGuards(AuthGuard('jwt'))], [UseGuards(AccessGuard), RequireRoles('a')]),
      ],
      [
        'with JwtGuard as well',
        controller([UseGuards(AuthGuard('jwt'), JwtGuard), RequireScopes('a'), Freshness('2s')]),
      ],
    ])('starts %s', async (_name, type) => {
      await expect(startWith(type, [JwtStrategy])).resolves.toBeUndefined();
    });

    it.each([
      [
        'scopes that nothing demands',
        controller([UseGuards(AuthGuard('jwt'))], [RequireScopes('a')]),
        'add AccessGuard after it',
      ],
      [
        'roles that nothing demands',
        controller([UseGuards(AuthGuard('jwt')), RequireRoles('a')]),
        'add AccessGuard after it',
      ],
      [
        'AccessGuard too early',
        controller([UseGuards(AccessGuard, AuthGuard('jwt')), RequireScopes('a')]),
        'add AccessGuard after it',
      ],
      [
        '@Freshness()',
        controller([UseGuards(AuthGuard('jwt'))], [Freshness('2s')]),
        'cannot heed @OptionalAuth(), @Freshness() or @AcceptStale()',
      ],
      [
        '@AcceptStale()',
        controller([UseGuards(AuthGuard('jwt')), AcceptStale()]),
        'cannot heed @OptionalAuth(), @Freshness() or @AcceptStale()',
      ],
    ])('does not start with %s', async (_name, type, fault) => {
      await expect(startWith(type, [JwtStrategy])).rejects.toThrow(fault);
    });

    it('does not start without JwtStrategy', async () => {
      const type = controller([UseGuards(AuthGuard('jwt'))]);
      await expect(startWith(type)).rejects.toThrow('no module provides JwtStrategy');
    });
  });
});

it('a context without an HTTP server starts whatever its routes are', async () => {
  @Module({ imports: [jwt], controllers: [controller([])] })
  class CommandModule {}
  const context = await NestFactory.createApplicationContext(CommandModule, {
    logger: false,
    abortOnError: false,
  });
  await context.close();
});
