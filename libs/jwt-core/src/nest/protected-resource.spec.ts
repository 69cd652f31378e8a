import { Controller, Get, UseGuards } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { RequireScopes } from './decorators.js';
import { JwtCoreModule } from './jwt-core.module.js';
import { JwtGuard } from './jwt.guard.js';
import { ask, bearer, createApp, listen, platforms } from './nest-app.fixture.js';

@Controller('orders')
@UseGuards(JwtGuard)
@RequireScopes('orders:read')
class OrdersController {
  @Get()
  list() {
    return {};
  }

  @Get('all')
  @RequireScopes('orders:read', 'admin')
  all() {
    return {};
  }
}

const jwt = (resource: string | undefined, allowHttpIssuer = false) =>
  JwtCoreModule.forRoot({
    issuer: 'https://auth.example.com',
    audience: 'api',
    keySet: { get: () => undefined, find: async () => undefined },
    revocations: { read: () => new Promise(() => undefined) },
    resource,
    allowHttpIssuer,
  });

const wellKnown = '/.well-known/oauth-protected-resource';
const metadata = (resource: string) => ({
  resource,
  authorization_servers: ['https://auth.example.com'],
  scopes_supported: ['admin', 'orders:read'],
  bearer_methods_supported: ['header'],
});

describe.each(platforms)('a protected resource on %s', (_, makeAdapter) => {
  const start = async (resource: string | undefined) => {
    const app = await createApp(makeAdapter, {
      imports: [jwt(resource)],
      controllers: [OrdersController],
    });
    app.setGlobalPrefix('api');
    return { app, url: await listen(app) };
  };

  it('serves its metadata, whatever the prefix of the application is, and names it in challenges', async () => {
    const { app, url } = await start('https://orders.example.com');
    const answer = await ask(url + wellKnown);
    expect(answer).toMatchObject({ status: 200, body: metadata('https://orders.example.com') });
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    const address = `resource_metadata="https://orders.example.com${wellKnown}"`;
    const missing = await ask(`${url}/api/orders`);
    expect(missing.headers['www-authenticate']).toBe(`Bearer ${address}`);
    const invalid = await ask(`${url}/api/orders`, { headers: bearer('a.b.c') });
    expect(invalid.headers['www-authenticate']).toBe(`Bearer error="invalid_token", ${address}`);
    await app.close();
  });

  it('serves the metadata of a resource with a path where RFC 9728 says, and without the path', async () => {
    const resource = 'https://api.example.com/orders';
    const { app, url } = await start(resource);
    for (const path of [`${wellKnown}/orders`, wellKnown]) {
      expect((await ask(url + path)).body).toEqual(metadata(resource));
    }
    const missing = await ask(`${url}/api/orders`);
    expect(missing.headers['www-authenticate']).toBe(
      `Bearer resource_metadata="https://api.example.com${wellKnown}/orders"`,
    );
    await app.close();
  });

  it('serves none without the option', async () => {
    const { app, url } = await start(undefined);
    expect((await fetch(url + wellKnown)).status).toBe(404);
    await app.close();
  });
});

it.each([
  ['orders', 'resource is not a URL'],
  [7 as never, 'resource is not a URL'],
  ['', 'resource is not a URL'],
  ['https://a.example?x', 'resource has a query'],
  ['https://a.example/"', 'resource has a query'],
  ['https://a.example/#x', 'resource has a query'],
  ['https://a:b@a.example', 'credentials'],
  ['http://a.example', 'resource is not https'],
  ['ftp://a.example', 'resource is not https'],
])('%j is refused as a resource', async (resource, fault) => {
  const start = () => createApp(platforms[0][1], { imports: [jwt(resource)] });
  await expect(start()).rejects.toThrow(fault);
});

it.each([
  ['http://127.0.0.1:3001', false],
  ['http://orders.internal', true],
])('%j is taken as a resource', async (resource, allowHttp) => {
  const app = await createApp(platforms[0][1], { imports: [jwt(resource, allowHttp)] });
  await app.close();
});
