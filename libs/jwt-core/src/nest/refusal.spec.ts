import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  ForbiddenException,
  Get,
  HttpException,
  type INestApplication,
  type Provider,
  ServiceUnavailableException,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { JwtStrategy } from '../passport/jwt.strategy.js';
import { JwtCoreReadiness } from '../runtime/readiness.js';
import { TestIssuer } from '../test-issuer/test-issuer.js';
import { AccessError } from '../verifier/access.js';
import { TokenError } from '../verifier/token-error.js';
import { RequireScopes } from './decorators.js';
import { JwtCoreModule } from './jwt-core.module.js';
import { JwtGuard } from './jwt.guard.js';
import { ask, bearer, createApp, listen, platforms } from './nest-app.fixture.js';
import { RefusalLog } from './refusal.js';

@Controller('orders')
@UseGuards(JwtGuard)
class OrdersController {
  @Get()
  @RequireScopes('orders:read')
  list() {
    return {};
  }
}

@Controller('orders/passport')
@UseGuards(AuthGuard('jwt'))
class PassportController {
  @Get()
  find() {
    return {};
  }
}

/** As many applications have one: whatever is no HttpException is a 500, in a form of its own. */
@Catch()
class OwnFilter implements ExceptionFilter {
  readonly caught: unknown[] = [];
  constructor(private readonly host: HttpAdapterHost) {}

  catch(error: unknown, context: ArgumentsHost) {
    this.caught.push(error);
    const status = error instanceof HttpException ? error.getStatus() : 500;
    this.host.httpAdapter.reply(context.getArgByIndex(1), { failed: status }, status);
  }
}

/** What error trackers do: note the error, then let Nest answer. */
@Catch()
class NotingFilter extends BaseExceptionFilter {}

const soon = { timeout: 30_000 };

describe.each(platforms)('a refusal on %s', (_, makeAdapter) => {
  let issuer: TestIssuer;
  let app: INestApplication;
  let url: string;

  const start = async (providers: Provider[], configure?: (app: INestApplication) => void) => {
    const { issuer: iss, audience } = issuer;
    app = await createApp(makeAdapter, {
      imports: [JwtCoreModule.forRoot({ issuer: iss, audience })],
      controllers: providers.includes(JwtStrategy)
        ? [OrdersController, PassportController]
        : [OrdersController],
      providers,
    });
    configure?.(app);
    url = await listen(app);
  };
  const isReady = () => app.get(JwtCoreReadiness).checks.every((check) => !check.check());
  const get = (token?: string) => ask(`${url}/orders`, { headers: token ? bearer(token) : [] });
  const refusals = async () => ({
    missing: await get(),
    invalid: await get('a.b.c'),
    scope: await get(issuer.mint({ scope: 'other' })),
  });
  const challenges = {
    missing: { status: 401, headers: { 'www-authenticate': 'Bearer' } },
    invalid: { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } },
    scope: {
      status: 403,
      headers: { 'www-authenticate': 'Bearer error="insufficient_scope", scope="orders:read"' },
    },
  };

  beforeAll(async () => {
    issuer = await TestIssuer.start();
  });
  afterEach(() => app.close());
  afterAll(() => issuer.close());

  it.each(['main.ts', 'APP_FILTER'])(
    'is answered by a catch-all filter of the application from %s, with its challenge',
    async (place) => {
      const make = (host: HttpAdapterHost) => new OwnFilter(host);
      await (place === 'main.ts'
        ? start([], (made) => made.useGlobalFilters(make(made.get(HttpAdapterHost))))
        : start([{ provide: APP_FILTER, inject: [HttpAdapterHost], useFactory: make }]));
      await expect.poll(isReady, soon).toBe(true);
      const answers = await refusals();
      expect(answers).toMatchObject(challenges);
      expect(answers).toMatchObject({
        missing: { body: { failed: 401 } },
        invalid: { body: { failed: 401 } },
        scope: { body: { failed: 403 } },
      });
    },
  );

  it("is answered by Nest's own filter, with the problem as the body and its challenge", async () => {
    await start([], (made) => {
      made.useGlobalFilters(new NotingFilter(made.get(HttpAdapterHost).httpAdapter));
    });
    await expect.poll(isReady, soon).toBe(true);
    const answers = await refusals();
    expect(answers).toMatchObject(challenges);
    expect(answers.invalid.body).toEqual({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      code: 'token_invalid',
    });
    expect(answers.scope.body).toMatchObject({ status: 403, code: 'insufficient_scope' });
  });

  it('is 503 with Retry-After for every filter as long as the service cannot know', async () => {
    issuer.fail('all');
    const filters: OwnFilter[] = [];
    await start([], (made) => {
      filters.push(new OwnFilter(made.get(HttpAdapterHost)));
      made.useGlobalFilters(...filters);
    });
    const answer = await get(issuer.mint({ scope: 'orders:read' }));
    issuer.repair();
    expect(answer).toMatchObject({ status: 503, body: { failed: 503 } });
    expect(answer.headers['retry-after']).toBe('10');
    expect(filters[0]?.caught[0]).toBeInstanceOf(ServiceUnavailableException);
    expect(filters[0]?.caught[0]).toMatchObject({ cause: { code: 'keys_unavailable' } });
  });

  it("is the same exception behind AuthGuard('jwt')", async () => {
    await start([JwtStrategy], (made) => {
      made.useGlobalFilters(new NotingFilter(made.get(HttpAdapterHost).httpAdapter));
    });
    await expect.poll(isReady, soon).toBe(true);
    const answer = await ask(`${url}/orders/passport`, { headers: bearer('a.b.c') });
    expect(answer).toMatchObject({ status: 401, body: { code: 'token_invalid' } });
  });

  it('is an exception of Nest with the error of the domain as its cause', async () => {
    let filter!: OwnFilter;
    await start([], (made) => {
      filter = new OwnFilter(made.get(HttpAdapterHost));
      made.useGlobalFilters(filter);
    });
    await expect.poll(isReady, soon).toBe(true);
    await refusals();
    const [missing, invalid, scope] = filter.caught as HttpException[];
    expect(missing).toBeInstanceOf(UnauthorizedException);
    expect(missing?.cause).toMatchObject({ name: 'TokenError', code: 'token_missing' });
    expect(invalid?.cause).toBeInstanceOf(TokenError);
    expect(scope).toBeInstanceOf(ForbiddenException);
    expect(scope?.cause).toBeInstanceOf(AccessError);
  });
});

function makeLog() {
  const debug = vi.fn<(line: string) => void>();
  const clock = { ms: 5_000 };
  const log = new RefusalLog({ debug }, () => clock.ms);
  return { clock, log, lines: () => debug.mock.calls.splice(0).map(([line]) => line) };
}

it('logs a reason once in ten seconds, and then how often it was left out', () => {
  const { clock, log, lines } = makeLog();
  for (let i = 0; i < 5; i++) log.note('a');
  log.note('b');
  clock.ms += 9_999;
  log.note('a');
  expect(lines()).toEqual(['a', 'b']);
  clock.ms += 1;
  log.note('a');
  log.note('b');
  expect(lines()).toEqual(['a (and 5 times before)', 'b']);
});

it('does not count what is long past', () => {
  const { clock, log, lines } = makeLog();
  for (let i = 0; i < 5; i++) log.note('a');
  clock.ms += 20_000;
  log.note('a');
  expect(lines()).toEqual(['a', 'a']);
});

it('logs and remembers a bounded number of reasons', () => {
  const { log, lines } = makeLog();
  for (let i = 0; i < 1_000; i++) log.note(`reason ${i}`);
  expect(lines()).toHaveLength(50);
});
