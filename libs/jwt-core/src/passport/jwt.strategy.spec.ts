import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import {
  Controller,
  Get,
  type INestApplication,
  Injectable,
  Req,
  Sse,
  UseGuards,
} from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { interval, map } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestIssuer } from '../test-issuer/test-issuer.js';
import type { Principal } from '../verifier/claims.js';
import { AccessGuard } from '../nest/access.guard.js';
import { CurrentPrincipal, Public, RequireRoles, RequireScopes } from '../nest/decorators.js';
import { JwtCoreModule } from '../nest/jwt-core.module.js';
import { JwtCoreReadiness } from '../runtime/readiness.js';
import { JwtStrategy } from './jwt.strategy.js';
import { ask, bearer, createApp, listen, platforms } from '../nest/nest-app.fixture.js';
import { principalSignal, TokenEnds } from '../nest/token-ends.js';

@Injectable()
class DerivedAuthGuard extends AuthGuard('jwt') {}

@Controller()
class PassportController {
  @Get('me')
  @UseGuards(AuthGuard('jwt'))
  me(@Req() { user }: { user: Principal }, @CurrentPrincipal() principal: Principal) {
    return { subject: principal.subject, isSame: user === principal };
  }

  @Get('derived')
  @UseGuards(DerivedAuthGuard)
  derived() {
    return {};
  }

  @Get('orders')
  @UseGuards(AuthGuard('jwt'), AccessGuard)
  @RequireScopes('orders:read')
  @RequireRoles('clerk')
  orders() {
    return {};
  }

  @Get('aborted')
  @UseGuards(AuthGuard('jwt'))
  aborted(@Req() request: object) {
    return { aborted: principalSignal(request).aborted };
  }

  @Sse('events')
  @UseGuards(AuthGuard('jwt'))
  events() {
    return interval(20).pipe(map((count) => ({ data: String(count) })));
  }

  @Get('work')
  @UseGuards(AuthGuard('jwt'))
  work(@Req() request: object) {
    const signal = principalSignal(request);
    return new Promise((resolve) =>
      signal.addEventListener('abort', () =>
        resolve({ ended: (signal.reason as { code: string }).code }),
      ),
    );
  }

  @Get('open')
  @UseGuards(AccessGuard)
  @Public()
  open() {
    return {};
  }
}

const soon = { timeout: 30_000 };

describe.each(platforms)("AuthGuard('jwt') with JwtStrategy on %s", (_, makeAdapter) => {
  let issuer: TestIssuer;
  let app: INestApplication;
  let url: string;
  const get = (path: string, token: string) => ask(`${url}${path}`, { headers: bearer(token) });

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    const { issuer: iss, audience } = issuer;
    app = await createApp(makeAdapter, {
      imports: [JwtCoreModule.forRoot({ issuer: iss, audience })],
      controllers: [PassportController],
      providers: [JwtStrategy],
    });
    url = await listen(app);
  });
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  it('lets in a caller with a valid token, as request.user and as principal', async () => {
    const readiness = app.get(JwtCoreReadiness);
    await expect.poll(() => readiness.checks.some((check) => check.check()), soon).toBe(false);
    const answer = await get('/me', issuer.mint({ sub: 'ada' }));
    expect(answer).toMatchObject({ status: 200, body: { subject: 'ada', isSame: true } });
    expect(await get('/derived', issuer.mint())).toMatchObject({ status: 200 });
  });

  it('refuses as JwtGuard does', async () => {
    const past = Math.floor(Date.now() / 1000) - 900;
    const refusals = [
      [await ask(`${url}/me`), 'token_missing', 'Bearer'],
      [await get('/me', 'a.b.c'), 'token_invalid', 'Bearer error="invalid_token"'],
      [
        await get('/me', issuer.mint({ iat: past, exp: past + 60 })),
        'token_expired',
        'Bearer error="invalid_token", error_description="The token expired"',
      ],
    ] as const;
    for (const [answer, code, challenge] of refusals) {
      expect(answer).toMatchObject({ status: 401, body: { code } });
      expect(answer.headers['www-authenticate']).toBe(challenge);
    }
  });

  it('refuses a revoked token', async () => {
    const token = issuer.mint({ jti: 'revoked' });
    await issuer.revoke({ kind: 'jti', id: 'revoked' });
    await expect
      .poll(async () => (await get('/me', token)).body, soon)
      .toMatchObject({ code: 'token_revoked' });
  });

  it.each(['events', 'work'])('ends what is open at /%s with its token', async (path) => {
    const { connections } = app.get(TokenEnds);
    const jti = `open at ${path}`;
    const [, authorization] = bearer(issuer.mint({ jti }));
    const request = httpGet(`${url}/${path}`, { headers: { authorization } });
    const answered = once(request, 'response');
    await expect.poll(() => connections.size, soon).toBe(1);
    await issuer.revoke({ kind: 'jti', id: jti });
    const [response] = (await answered) as [IncomingMessage];
    const chunks: Buffer[] = [];
    await once(
      response.on('data', (chunk: Buffer) => chunks.push(chunk)),
      'end',
    );
    if (path === 'work') expect(Buffer.concat(chunks).toString()).toContain('token_revoked');
    await expect.poll(() => connections.size, soon).toBe(0);
  });

  it('does not follow a request that is answered', async () => {
    expect(await get('/aborted', issuer.mint())).toMatchObject({ body: { aborted: false } });
    await expect.poll(() => app.get(TokenEnds).connections.size, soon).toBe(0);
  });

  it('demands scopes and roles by AccessGuard', async () => {
    const scope = 'orders:read';
    const code = async (claims: object) =>
      (await get('/orders', issuer.mint({ ...claims }))).body.code;
    expect(await code({ scope, roles: ['clerk'] })).toBeUndefined();
    expect(await code({ roles: ['clerk'] })).toBe('insufficient_scope');
    expect(await code({ scope, roles: ['user'] })).toBe('insufficient_role');
  });

  it('leaves public routes open', async () => {
    expect(await ask(`${url}/open`)).toMatchObject({ status: 200 });
  });
});
