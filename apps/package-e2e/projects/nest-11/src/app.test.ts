import { Controller, Get, type INestApplication, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { Test } from '@nestjs/testing';
import { CurrentPrincipal, JwtCoreModule, JwtGuard, type Principal } from '@jwt-auth/jwt-core';
import { JwtStrategy } from '@jwt-auth/jwt-core/passport';
import { PostgresRevocationSource } from '@jwt-auth/jwt-core/postgres';
import { asCaller, JwtCoreTestingModule, TestIssuer } from '@jwt-auth/jwt-core/testing';
import { createVerifier, TokenError } from '@jwt-auth/jwt-core/verifier';

const issuer = process.env['ISSUER']!;

@Controller()
class AppController {
  @Get('me')
  @UseGuards(JwtGuard)
  me(@CurrentPrincipal() caller: Principal) {
    return { subject: caller.subject };
  }

  @Get('passport')
  @UseGuards(AuthGuard('jwt'))
  passport(@CurrentPrincipal() caller: Principal) {
    return { subject: caller.subject };
  }
}

@Module({
  imports: [JwtCoreModule.forRoot({ issuer, audience: 'api' })],
  providers: [JwtStrategy],
  controllers: [AppController],
})
class AppModule {}

const status = async (url: string, token: string) => {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  return response.status;
};

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 25));
}

describe('Nest 11 with Jest', () => {
  let app: INestApplication;
  beforeAll(async () => {
    app = await NestFactory.create(AppModule, { logger: ['error'], abortOnError: false });
    await app.listen(0, '127.0.0.1');
  });
  afterAll(() => app.close());

  it('lets a caller in until they log out', async () => {
    const login = await fetch(`${issuer}/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        email: 'ada@example.com',
        password: process.env['PASSWORD'],
      }),
    });
    const { access_token: token } = (await login.json()) as { access_token: string };
    const url = await app.getUrl();
    await until(async () => (await status(`${url}/me`, token)) === 200);
    expect(await status(`${url}/passport`, token)).toBe(200);
    expect(await status(`${url}/me`, `${token}x`)).toBe(401);
    const headers = { authorization: `Bearer ${token}` };
    await fetch(`${issuer}/auth/logout`, { method: 'POST', headers });
    await until(async () => (await status(`${url}/me`, token)) === 401);
    expect(await status(`${url}/passport`, token)).toBe(401);
  });

  it('lets in whom a test names', async () => {
    const builder = Test.createTestingModule({ imports: [AppModule] });
    const tested = (
      await JwtCoreTestingModule.replaceIn(builder).compile()
    ).createNestApplication();
    await tested.listen(0, '127.0.0.1');
    const url = `${await tested.getUrl()}/me`;
    const answer = await fetch(url, { headers: { ...asCaller({ subject: 'ada' }) } });
    expect(await answer.json()).toEqual({ subject: 'ada' });
    expect((await fetch(url)).status).toBe(401);
    await tested.close();
  });

  it('follows a TestIssuer', async () => {
    const auth = await TestIssuer.start();
    const imports = [JwtCoreModule.forRoot({ issuer: auth.issuer, audience: auth.audience })];
    const providers = [JwtStrategy];
    const builder = Test.createTestingModule({ imports, providers, controllers: [AppController] });
    const tested = (await builder.compile()).createNestApplication();
    await tested.listen(0, '127.0.0.1');
    await auth.ready(tested);
    const url = `${await tested.getUrl()}/me`;
    const [revoked, good] = [auth.mint({ jti: 'one' }), auth.mint()];
    expect(await status(url, revoked)).toBe(200);
    await auth.revoke({ kind: 'jti', id: 'one' });
    expect(await status(url, revoked)).toBe(401);
    expect(await status(url, auth.mint.expired())).toBe(401);
    await auth.goStale(tested);
    expect(await status(url, good)).toBe(503);
    await auth.comeBack();
    expect(await status(url, good)).toBe(200);
    await tested.close();
    await auth.close();
  });

  it('loads every entry', async () => {
    expect(typeof PostgresRevocationSource).toBe('function');
    const auth = await TestIssuer.start();
    const verifier = createVerifier({ issuer: auth.issuer, audience: auth.audience });
    await verifier.ready();
    await expect(verifier.verify(auth.mint({ aud: 'another' }))).rejects.toBeInstanceOf(TokenError);
    await verifier.close();
    await auth.close();
  });
});
