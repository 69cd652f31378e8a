import {
  Body,
  ConflictException,
  Controller,
  Get,
  HttpException,
  type INestApplication,
  InternalServerErrorException,
  type LoggerService,
  NotFoundException,
  Param,
  ParseUUIDPipe,
  Post,
  Res,
  StandardSchemaValidationPipe,
  UnauthorizedException,
} from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { TokenError } from '../verifier/token-error.js';
import { JwtCoreModule } from './jwt-core.module.js';
import { ask, createApp, listen, platforms } from './nest-app.fixture.js';
import type { Problem } from '../http/problem.js';
import { type ProblemOf, provideProblems } from './problem.filter.js';
import { Public } from './decorators.js';

class StockError extends Error {
  constructor(readonly left: number) {
    super('SELECT secret FROM stock');
  }
}

const ownProblem: ProblemOf = (error): Problem | undefined =>
  error instanceof StockError
    ? {
        status: 409,
        code: 'out_of_stock',
        detail: `${error.left} left.`,
        headers: { 'Retry-After': '60' },
      }
    : undefined;

/** A Standard Schema by hand: `items[0].quantity` must be a number, the whole an object. */
const NewOrder = {
  '~standard': {
    version: 1 as const,
    vendor: 'spec',
    validate: (value: unknown) =>
      typeof value === 'object'
        ? { issues: [{ message: 'Too small: expected > 0', path: ['items', 0, 'quantity'] }] }
        : { issues: [{ message: 'Invalid input: expected object' }] },
  },
};

const thrown: Record<string, () => unknown> = {
  error: () => new Error('password is hunter2 at /srv/app.js'),
  text: () => 'a text',
  nothing: () => undefined,
  upstream: () => Object.assign(new Error('upstream said no'), { status: 401, statusCode: 401 }),
  http404: () => new NotFoundException('No such order.'),
  http404plain: () => new NotFoundException(),
  http409: () => new ConflictException('Already cancelled.', { cause: new Error('SQL') }),
  http409cannot: () => new ConflictException('Cannot cancel an order that was shipped.'),
  http404cannot: () => new NotFoundException('Cannot find that order.'),
  http401: () => new UnauthorizedException(),
  http429: () => new HttpException('Slow down.', 429),
  http418: () => new HttpException({ secret: 'hunter2' }, 418),
  http500: () => new InternalServerErrorException('password is hunter2'),
  stock: () => new StockError(3),
  stale: () => new TokenError('revocations_stale', 'hunter2'),
};

@Controller()
@Public()
class ThrowingController {
  @Get('throw/:name')
  throw(@Param('name') name: string) {
    throw thrown[name]?.();
  }

  @Get('orders/:id')
  order(@Param('id', ParseUUIDPipe) id: string) {
    return { id };
  }

  @Post('orders')
  place(@Body({ schema: NewOrder }) order: unknown) {
    return { order };
  }

  @Get('half')
  half(@Res() response: { raw?: unknown }) {
    const raw = (response.raw ?? response) as { write(text: string): void };
    raw.write('{"half":');
    throw new Error('in the middle');
  }
}

describe.each(platforms)('ProblemFilter on %s', (platform, makeAdapter) => {
  let app: INestApplication;
  let url: string;
  const logger = { log: vi.fn(), warn: vi.fn(), error: vi.fn() } satisfies LoggerService;

  const post = (body: string, type = 'application/json') =>
    ask(`${url}/orders`, { method: 'POST', headers: ['Content-Type', type], body });

  beforeAll(async () => {
    const jwt = JwtCoreModule.forRoot({
      issuer: 'https://auth.example.com',
      audience: 'api',
      keySet: { get: () => undefined, find: async () => undefined },
      revocations: { read: () => new Promise(() => undefined) },
    });
    const providers = [provideProblems(ownProblem)];
    const controllers = [ThrowingController];
    app = await createApp(makeAdapter, { imports: [jwt], controllers, providers }, logger);
    app.useGlobalPipes(new StandardSchemaValidationPipe());
    url = await listen(app);
  });
  beforeEach(() => vi.clearAllMocks());
  afterAll(() => app.close());

  it.each([
    ['error', 500, 'Internal Server Error', 'internal_error'],
    ['text', 500, 'Internal Server Error', 'internal_error'],
    ['nothing', 500, 'Internal Server Error', 'internal_error'],
    ['upstream', 500, 'Internal Server Error', 'internal_error'],
    ['http500', 500, 'Internal Server Error', 'internal_error'],
    ['http404', 404, 'Not Found', 'not_found', 'No such order.'],
    ['http404plain', 404, 'Not Found', 'not_found'],
    ['http409', 409, 'Conflict', 'conflict', 'Already cancelled.'],
    ['http409cannot', 409, 'Conflict', 'conflict', 'Cannot cancel an order that was shipped.'],
    ['http404cannot', 404, 'Not Found', 'not_found', 'Cannot find that order.'],
    ['http401', 401, 'Unauthorized', 'unauthorized'],
    ['http429', 429, 'Too Many Requests', 'too_many_attempts', 'Slow down.'],
    ['http418', 418, "I'm a Teapot", 'i_m_a_teapot'],
    ['stock', 409, 'Conflict', 'out_of_stock', '3 left.'],
    ['stale', 503, 'Service Unavailable', 'revocations_stale'],
  ])('answers %s with nothing but %d %s %s', async (name, status, title, code, detail?: string) => {
    const answer = await ask(`${url}/throw/${name}`);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.body).toEqual({
      type: 'about:blank',
      title,
      status,
      code,
      ...(detail && { detail }),
    });
  });

  it('sends the headers that a problem has', async () => {
    expect((await ask(`${url}/throw/stock`)).headers['retry-after']).toBe('60');
    expect((await ask(`${url}/throw/http401`)).headers['www-authenticate']).toBe('Bearer');
  });

  it.each(['error', 'text', 'nothing', 'upstream', 'http500'])(
    'logs what it hides of %s, with the id of the request',
    async (name) => {
      const id = platform === 'Fastify' ? { requestId: expect.stringMatching(/./) as string } : {};
      await ask(`${url}/throw/${name}`);
      expect(logger.error).toHaveBeenCalledOnce();
      const [error, context] = logger.error.mock.calls[0] as unknown[];
      expect(error).toEqual(thrown[name]?.());
      expect(context).toMatchObject(id);
    },
  );

  it.each(['http404', 'stock', 'stale'])('does not log %s, which callers cause', async (name) => {
    await ask(`${url}/throw/${name}`);
    expect(logger.error).not.toHaveBeenCalled();
  });

  it('answers what a pipe refuses', async () => {
    expect(await ask(`${url}/orders/1`)).toMatchObject({
      status: 400,
      body: {
        code: 'invalid_input',
        detail: 'Validation failed (uuid is expected)',
        errors: [{ path: '', message: 'Validation failed (uuid is expected)' }],
      },
    });
  });

  it('names each fault that a schema finds', async () => {
    expect((await post('{}')).body).toEqual({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      code: 'invalid_input',
      errors: [{ path: 'items.0.quantity', message: 'Too small: expected > 0' }],
    });
  });

  it('names a fault of the input as a whole without a path', async () => {
    const { body } = await ask(`${url}/orders`, { method: 'POST' });
    expect(body.errors).toEqual([{ path: '', message: 'Invalid input: expected object' }]);
  });

  it.each([
    ['a body that is not JSON', '{"password":"hunter2', 'application/json', 400, 'invalid_input'],
    ['a text in place of JSON', 'hunter2', 'application/json', 400, 'invalid_input'],
    [
      'a body too large',
      `{"a":"${'x'.repeat(200_000)}"}`,
      'application/json',
      413,
      'body_too_large',
    ],
  ])('answers %s without quoting it', async (_, body, type, status, code) => {
    const answer = await post(body, type);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer).toMatchObject({ status, body: { type: 'about:blank', status, code } });
    const faults = [{ path: '', message: 'cannot be read' }];
    expect(answer.body.errors).toEqual(code === 'invalid_input' ? faults : undefined);
    expect(JSON.stringify(answer.body)).not.toMatch(/hunter2|xxx/);
  });

  it.runIf(platform === 'Fastify')('answers a type of body that nobody reads', async () => {
    const body = { status: 415, code: 'unsupported_media_type' };
    expect(await post('<a/>', 'application/xml')).toMatchObject({ status: 415, body });
  });

  it('answers an address that is not there without quoting it', async () => {
    const answer = await ask(`${url}/nowhere?access_token=secret`);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.body).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      code: 'not_found',
    });
  });

  it.runIf(platform === 'Express')('answers a path that is not one', async () => {
    expect(await ask(`${url}/orders/%ff`)).toMatchObject({
      status: 400,
      body: { code: 'invalid_input', type: 'about:blank' },
    });
  });

  it('cuts off an answer that had begun', async () => {
    await expect(ask(`${url}/half`)).rejects.toThrow('aborted');
    expect(logger.error).toHaveBeenCalledOnce();
    expect(await ask(`${url}/throw/http404`)).toMatchObject({ status: 404 });
  });
});
