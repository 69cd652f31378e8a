import {
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { TestIssuer } from '../test-issuer/test-issuer.js';
import type { Principal } from '../verifier/claims.js';
import type { RequestWithToken } from './credentials.js';
import { CurrentPrincipal, OptionalAuth, RequireScopes } from './decorators.js';
import { JwtCoreModule } from './jwt-core.module.js';
import { JwtCoreReadiness } from '../runtime/readiness.js';
import { JwtGuard } from './jwt.guard.js';
import { ask, bearer, createApp, listen, platforms } from './nest-app.fixture.js';
import type { RefusalCause } from '../http/problem.js';

@Controller()
@UseGuards(JwtGuard)
@RequireScopes('orders:read')
class OrdersController {
  @Get('orders')
  orders(@CurrentPrincipal() caller: Principal) {
    return { caller: caller.subject };
  }

  @Get('shop')
  @OptionalAuth()
  shop(@CurrentPrincipal() caller?: Principal) {
    return { caller: caller?.subject ?? 'nobody' };
  }
}

const soon = { timeout: 30_000 };
const tokenFrom = { failure: undefined as Error | undefined };
const cookie = (token: string) => ['Cookie', `token=${token}`];

describe.each(platforms)('on %s', (_, makeAdapter) => {
  let issuer: TestIssuer;
  let app: INestApplication;
  let url: string;
  const onRefused =
    vi.fn<(error: RefusalCause, context: ExecutionContext | undefined) => unknown>();
  const debug = vi.fn();
  const error = vi.fn();

  const get = async (path: string, ...headers: string[]) => {
    const { status, body } = await ask(`${url}${path}`, { headers });
    return [status, body.caller ?? body.code];
  };
  const mint = (sub: string) => issuer.mint({ sub, scope: 'orders:read' });

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    const { issuer: iss, audience } = issuer;
    const fromCookie = ({ headers }: RequestWithToken) => {
      if (tokenFrom.failure) throw tokenFrom.failure;
      return headers.cookie?.match(/token=(?<token>[^;]*)/)?.groups?.token;
    };
    const logger = { log: vi.fn(), warn: vi.fn(), error, debug };
    app = await createApp(
      makeAdapter,
      {
        imports: [
          JwtCoreModule.forRoot({ issuer: iss, audience, tokenFrom: fromCookie, onRefused }),
        ],
        controllers: [OrdersController],
      },
      logger,
    );
    url = await listen(app);
    const { checks } = app.get(JwtCoreReadiness);
    await vi.waitUntil(() => checks.every((check) => !check.check()), soon);
  });
  beforeEach(() => {
    vi.clearAllMocks();
    tokenFrom.failure = undefined;
  });
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  describe('@OptionalAuth()', () => {
    it.each([
      ['no credentials', []],
      ['credentials of another scheme', ['Authorization', 'Basic YTpi']],
      ['an empty cookie', cookie('')],
    ])('takes a caller with %s as nobody', async (_name, headers) => {
      expect(await get('/shop', ...headers)).toEqual([200, 'nobody']);
      expect(onRefused).not.toHaveBeenCalled();
    });

    it('makes a principal of a valid token, without the scopes that the class demands', async () => {
      expect(await get('/shop', ...bearer(issuer.mint({ sub: 'ada' })))).toEqual([200, 'ada']);
    });

    it.each([
      ['a bad token', () => bearer('a.b.c'), 'token_invalid'],
      ['an expired one', () => bearer(issuer.mint({ iat: 1, exp: 2 })), 'token_expired'],
      ['nothing after Bearer', () => ['Authorization', 'Bearer'], 'token_invalid'],
      ['a tab after Bearer', () => ['Authorization', 'Bearer\ta.b.c'], 'token_invalid'],
      ['no space after Bearer', () => ['Authorization', 'Bearer=a.b.c'], 'token_invalid'],
      ['two headers', () => [...bearer(mint('ada')), ...bearer(mint('ada'))], 'token_missing'],
      [
        'two headers, the first of another scheme',
        () => ['Authorization', 'Basic YTpi', ...bearer(mint('ada'))],
        'token_missing',
      ],
      ['a bad cookie', () => cookie('a.b.c'), 'token_invalid'],
    ])('refuses %s', async (_name, headers, code) => {
      expect(await get('/shop', ...headers())).toEqual([401, code]);
    });
  });

  describe('tokenFrom', () => {
    it('finds the token of a request without a bearer token', async () => {
      expect(await get('/orders', ...cookie(mint('ada')))).toEqual([200, 'ada']);
      const basic = ['Authorization', 'Basic YTpi'];
      expect(await get('/orders', ...basic, ...cookie(mint('ada')))).toEqual([200, 'ada']);
    });

    it('comes after the Authorization header, whatever is in that', async () => {
      const both = (header: string[]) => get('/orders', ...header, ...cookie(mint('ada')));
      expect(await both(bearer(mint('bob')))).toEqual([200, 'bob']);
      expect(await both(bearer('a.b.c'))).toEqual([401, 'token_invalid']);
      expect(await both([...bearer('a'), ...bearer('b')])).toEqual([401, 'token_missing']);
    });

    it.each([
      ['no cookie', [], 'token_missing'],
      ['an empty one', cookie(''), 'token_missing'],
      ['a wrong one', cookie('x'.repeat(9_000)), 'token_invalid'],
    ])('refuses a request with %s', async (_name, headers, code) => {
      expect(await get('/orders', ...headers)).toEqual([401, code]);
    });
  });

  it('tokenFrom that fails is an error of its own, and no refusal', async () => {
    tokenFrom.failure = new Error('no cookies');
    const { status } = await ask(`${url}/orders`);
    expect(status).toBe(500);
    expect(JSON.stringify(error.mock.calls.map(String))).toContain(
      'The option tokenFrom of JwtCoreModule failed: Error: no cookies',
    );
    expect(onRefused).not.toHaveBeenCalled();
  });

  it('an HttpException of tokenFrom is answered as it is', async () => {
    tokenFrom.failure = new UnauthorizedException('log in again');
    const { status, body } = await ask(`${url}/orders`);
    expect([status, body]).toEqual([401, expect.objectContaining({ message: 'log in again' })]);
  });

  describe('a refusal', () => {
    it('is reported with the check that failed and the handler, and never the token', async () => {
      const token = issuer.mint({ aud: 'mail' });
      expect(await get('/orders', ...bearer(token))).toEqual([401, 'token_invalid']);
      const [[cause, context] = []] = onRefused.mock.calls;
      expect(cause).toMatchObject({
        code: 'token_invalid',
        message: expect.stringMatching(/aud/) as string,
      });
      expect(context?.getHandler().name).toBe('orders');
      expect(JSON.stringify([cause, debug.mock.calls])).not.toContain(token.slice(-20));
    });

    it('is reported for a caller without a scope', async () => {
      await get('/orders', ...bearer(issuer.mint()));
      expect(onRefused.mock.calls[0]?.[0]).toMatchObject({ code: 'insufficient_scope' });
    });

    it('is logged once for any number of callers', async () => {
      const token = issuer.mint({ sub: '' });
      for (let i = 0; i < 3; i++) await get('/orders', ...bearer(token));
      const lines = debug.mock.calls.filter(([line]) => /claim sub/.test(line as string));
      expect(lines).toEqual([
        ['Refused as token_invalid: the claim sub is missing or wrong', 'JwtGuard'],
      ]);
      expect(onRefused).toHaveBeenCalledTimes(3);
    });

    it.each([
      [
        'throws',
        () => {
          throw new Error('of the application');
        },
      ],
      ['rejects', () => Promise.reject(new Error('of the application'))],
    ])('is answered the same if onRefused %s', async (_name, fail) => {
      onRefused.mockImplementationOnce(fail);
      expect(await get('/orders')).toEqual([401, 'token_missing']);
      expect(error).toHaveBeenCalledOnce();
    });
  });
});
