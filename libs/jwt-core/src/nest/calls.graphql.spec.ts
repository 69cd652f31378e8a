import { type INestApplication, type ModuleMetadata, UseGuards } from '@nestjs/common';
import { ApolloDriver } from '@nestjs/apollo';
import { GraphQLModule, Mutation, Query, Resolver } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { JwtCoreReadiness } from '../runtime/readiness.js';
import { TestIssuer } from '../test-issuer/test-issuer.js';
import type { Principal } from '../verifier/claims.js';
import { CurrentPrincipal, OptionalAuth, Public, RequireScopes } from './decorators.js';
import { JwtCoreModule } from './jwt-core.module.js';
import { JwtGuard } from './jwt.guard.js';
import { ask, bearer, createApp, listen, platforms } from './nest-app.fixture.js';

@Resolver()
@UseGuards(JwtGuard)
class OrdersResolver {
  @Query(() => String)
  caller(@CurrentPrincipal() caller: Principal) {
    return caller.subject;
  }

  @Query(() => String)
  @OptionalAuth()
  visitor(@CurrentPrincipal() caller?: Principal) {
    return caller?.subject ?? 'nobody';
  }

  @Query(() => String)
  @Public()
  price() {
    return 'free';
  }

  @Mutation(() => String)
  @RequireScopes('orders:write')
  place() {
    return 'placed';
  }
}

@Resolver()
class OpenResolver {
  @Query(() => String)
  open() {
    return '';
  }
}

const [[, fastify], [, express]] = platforms;
const drivers = [
  ['Apollo on Fastify', ApolloDriver, fastify],
  ['Apollo on Express', ApolloDriver, express],
  ['Mercurius', MercuriusDriver, fastify],
] as const;

describe.each(drivers)('a resolver of %s', (_name, driver, makeAdapter) => {
  let issuer: TestIssuer;
  let app: INestApplication;
  let url: string;

  const start = (providers: ModuleMetadata['providers']) =>
    createApp(makeAdapter, {
      imports: [
        JwtCoreModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience }),
        GraphQLModule.forRoot({ driver, autoSchemaFile: true, graphiql: false } as never),
      ],
      providers,
    });
  const run = async (query: string, ...headers: string[]) => {
    const json = ['Content-Type', 'application/json'];
    const body = JSON.stringify({ query });
    const answer = await ask(`${url}/graphql`, {
      method: 'POST',
      headers: [...json, ...headers],
      body,
    });
    return answer.body as { data: unknown; errors?: { message: string; extensions: object }[] };
  };

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    app = await start([OrdersResolver]);
    url = await listen(app);
    const { checks } = app.get(JwtCoreReadiness);
    await vi.waitUntil(() => checks.every((check) => !check.check()), { timeout: 30_000 });
  });
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  it('lets in a caller with a valid token, and says who it is', async () => {
    const token = issuer.mint({ sub: 'ada', scope: 'orders:write' });
    expect((await run('{ caller visitor }', ...bearer(token))).data).toEqual({
      caller: 'ada',
      visitor: 'ada',
    });
    expect((await run('mutation { place }', ...bearer(token))).data).toEqual({ place: 'placed' });
  });

  it('lets anybody into what is public or optional', async () => {
    expect((await run('{ price visitor }')).data).toEqual({ price: 'free', visitor: 'nobody' });
  });

  it.each([
    ['no token', () => [], 'UNAUTHENTICATED', 401, 'token_missing'],
    ['a bad one', () => bearer('a.b.c'), 'UNAUTHENTICATED', 401, 'token_invalid'],
    [
      'an expired one',
      () => bearer(issuer.mint({ iat: 1, exp: 2 })),
      'UNAUTHENTICATED',
      401,
      'token_expired',
    ],
    ['a lack of scope', () => bearer(issuer.mint()), 'FORBIDDEN', 403, 'insufficient_scope'],
  ])('refuses %s with the code of GraphQL and ours', async (_case, headers, code, status, ours) => {
    const answer = await run('mutation { place }', ...headers());
    expect(answer.data).toBeNull();
    expect(answer.errors).toHaveLength(1);
    expect(answer.errors?.[0]).toMatchObject({
      message: status === 401 ? 'Unauthorized' : 'Forbidden',
      extensions: { code, problem: { status, code: ours } },
    });
    expect(JSON.stringify(answer)).not.toMatch(/TokenError|AccessError|segments|is missing/);
  });

  // threat:forgotten-guards
  it('ends the start if nothing protects it', async () => {
    const open = await start([OrdersResolver, OpenResolver]);
    await expect(open.init()).rejects.toThrow(
      'Query (OpenResolver.open) has neither JwtGuard nor @Public()',
    );
    await open.close();
  });
});
