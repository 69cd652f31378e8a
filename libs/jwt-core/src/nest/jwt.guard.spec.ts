import { Body, Controller, Get, type INestApplication, Post, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Principal } from '../verifier/claims.js';
import { TestIssuer } from '../test-issuer/test-issuer.js';
import { CurrentPrincipal, Public, RequireRoles, RequireScopes } from './decorators.js';
import { JwtCoreModule } from './jwt-core.module.js';
import { JwtCoreReadiness } from '../runtime/readiness.js';
import { JwtGuard } from './jwt.guard.js';
import { type Answer, ask, bearer, createApp, listen, platforms } from './nest-app.fixture.js';

@Controller('orders')
@UseGuards(JwtGuard)
@RequireScopes('orders:read')
class OrdersController {
  @Get()
  list(@CurrentPrincipal() { subject }: Principal) {
    return { subject };
  }

  @Post()
  @RequireScopes('orders:write', 'orders:read')
  place(@Body() order: unknown) {
    return { order };
  }

  @Get('all')
  @RequireRoles('clerk', 'admin')
  all() {
    return {};
  }

  @Get('prices')
  @Public()
  prices() {
    return {};
  }

  @Get('anonymous')
  @Public()
  anonymous(@CurrentPrincipal() caller: Principal) {
    return { caller };
  }
}

const soon = { timeout: 30_000 };
const problem = (status: number, title: string, code: string) => ({
  type: 'about:blank',
  title,
  status,
  code,
});

describe.each(platforms)('JwtGuard on %s', (_, makeAdapter) => {
  let issuer: TestIssuer;
  let app: INestApplication;
  let url: string;

  const get = (path: string, ...headers: string[]) => ask(`${url}/orders${path}`, { headers });
  const reader = (claims: object = {}) => issuer.mint({ scope: 'orders:read', ...claims });
  const expectProblem = ({ status, headers, body }: Answer, expected: object) => {
    expect(body).toEqual(expected);
    expect(status).toBe(body.status);
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
  };

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    const options = { issuer: issuer.issuer, audience: issuer.audience };
    app = await createApp(makeAdapter, {
      imports: [JwtCoreModule.forRoot(options)],
      controllers: [OrdersController],
    });
    url = await listen(app);
  });

  beforeEach(async () => {
    await expect
      .poll(() => app.get(JwtCoreReadiness).checks.map((check) => check.check()), soon)
      .toEqual([undefined, undefined]);
  });

  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  it('lets in a caller with a valid token, and says who it is', async () => {
    const answer = await get('', ...bearer(reader({ sub: 'ada' })));
    expect(answer).toMatchObject({ status: 200, body: { subject: 'ada' } });
  });

  it('lets in the same token again', async () => {
    const token = reader({ sub: 'ada' });
    for (const headers of [bearer(token), bearer(token), ['authorization', `bearer  ${token}`]]) {
      expect(await get('', ...headers)).toMatchObject({ status: 200, body: { subject: 'ada' } });
    }
  });

  // threat:replaced-promise
  it('refuses a token of an unknown key also where the global Promise was replaced', async () => {
    const [, payload, signature] = reader().split('.');
    const header = Buffer.from('{"alg":"RS256","typ":"at+jwt","kid":"unknown"}').toString(
      'base64url',
    );
    const NativePromise = globalThis.Promise;
    globalThis.Promise = class extends NativePromise<unknown> {} as PromiseConstructor;
    try {
      const answer = await get('', ...bearer([header, payload, signature].join('.')));
      expectProblem(answer, problem(401, 'Unauthorized', 'token_invalid'));
    } finally {
      globalThis.Promise = NativePromise;
    }
  });

  it('challenges a request without credentials, without an error code', async () => {
    const answer = await get('');
    expectProblem(answer, problem(401, 'Unauthorized', 'token_missing'));
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });

  // threat:credential-smuggling
  // threat:token-leakage
  it('takes no other place and no other form for credentials', async () => {
    const token = reader();
    const headers = ['Content-Type', 'application/json'];
    const body = JSON.stringify({ access_token: token });
    const answers = [
      await get(`?access_token=${token}`),
      await get('', 'Authorization', 'Basic YTpi'),
      await get('', ...bearer(token), ...bearer(token)),
      await get('', ...bearer(token), 'Authorization', 'Basic YTpi'),
      await get('', 'Cookie', `access_token=${token}`),
      await ask(`${url}/orders`, { method: 'POST', headers, body }),
    ];
    for (const answer of answers) {
      expectProblem(answer, problem(401, 'Unauthorized', 'token_missing'));
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    }
  });

  // threat:error-oracles
  it('says of an invalid token never more than that', async () => {
    const answers = [
      await get('', 'Authorization', 'Bearer'),
      await get('', ...bearer('a.b.c')),
      await get('', ...bearer(`${reader()} ${reader()}`)),
      await get('', 'Authorization', `Bearer ${reader()}, Bearer ${reader()}`),
      await get('', ...bearer(reader().replace(/.{4}$/, 'AAAA'))),
      await get('', ...bearer(reader({ aud: 'mail' }))),
      await get('', ...bearer(reader({ iss: 'https://evil.example' }))),
      await get('', ...bearer(issuer.mint({}, { kid: 'unknown' }))),
    ];
    for (const answer of answers) {
      expectProblem(answer, problem(401, 'Unauthorized', 'token_invalid'));
      expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
    }
  });

  it('says that a token expired', async () => {
    const now = Math.floor(Date.now() / 1000);
    const answer = await get('', ...bearer(reader({ iat: now - 900, exp: now - 60 })));
    expectProblem(answer, problem(401, 'Unauthorized', 'token_expired'));
    expect(answer.headers['www-authenticate']).toBe(
      'Bearer error="invalid_token", error_description="The token expired"',
    );
  });

  // threat:replay
  it('refuses a token that worked a moment ago, once it is revoked', async () => {
    const token = reader({ jti: 'stolen' });
    expect(await get('', ...bearer(token))).toMatchObject({ status: 200 });
    await issuer.revoke({ kind: 'jti', id: 'stolen' });
    await expect.poll(async () => (await get('', ...bearer(token))).status, soon).toBe(401);
    const answer = await get('', ...bearer(token));
    expectProblem(answer, problem(401, 'Unauthorized', 'token_revoked'));
    expect(answer.headers['www-authenticate']).toBe(
      'Bearer error="invalid_token", error_description="The token was revoked"',
    );
  });

  it('lets anybody into a public route, with any token or none', async () => {
    expect(await get('/prices')).toMatchObject({ status: 200 });
    expect(await get('/prices', ...bearer('a.b.c'))).toMatchObject({ status: 200 });
  });

  it('has no principal for a public route, and fails rather than make one up', async () => {
    expect(await get('/anonymous', ...bearer(reader()))).toMatchObject({ status: 500 });
  });

  it('demands every scope of the handler, in place of those of its class', async () => {
    const place = (scope: string) =>
      ask(`${url}/orders`, { method: 'POST', headers: bearer(issuer.mint({ scope })) });
    expect(await place('orders:read orders:write')).toMatchObject({ status: 201 });
    for (const scope of ['', 'orders:read', 'orders:write', 'orders']) {
      const answer = await place(scope);
      expectProblem(answer, problem(403, 'Forbidden', 'insufficient_scope'));
      expect(answer.headers['www-authenticate']).toBe(
        'Bearer error="insufficient_scope", scope="orders:write orders:read"',
      );
    }
  });

  it('demands one of the roles, and the scopes of the class as well', async () => {
    const all = (claims: object) => get('/all', ...bearer(issuer.mint({ ...claims })));
    const scope = 'orders:read';
    expect(await all({ scope, roles: ['admin'] })).toMatchObject({ status: 200 });
    expect(await all({ scope, roles: ['user', 'clerk'] })).toMatchObject({ status: 200 });
    expect(await all({ roles: ['admin'] })).toMatchObject({ body: { code: 'insufficient_scope' } });
    expect(await all({ roles: ['user'] })).toMatchObject({ body: { code: 'insufficient_role' } });
    const answer = await all({ scope, roles: ['user', 'administrator'] });
    expectProblem(answer, problem(403, 'Forbidden', 'insufficient_role'));
    expect(answer.headers['www-authenticate']).toBe(
      'Bearer error="insufficient_scope", scope="orders:read"',
    );
  });
});
