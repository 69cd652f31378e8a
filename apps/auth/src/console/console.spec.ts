import { createHttpApp, StructuredLogger } from '@jwt-auth/chassis';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { serveConsole } from './console.js';

const PAGE = '<script type="module" src="./assets/index-1.js"></script>';

let directory: string;
const apps: NestFastifyApplication[] = [];

@Module({})
class Empty {}

async function appAt(basePath: string, pages = directory): Promise<NestFastifyApplication> {
  const app = await createHttpApp(Empty, {
    logger: new StructuredLogger({ name: 'spec', level: 'silent' }),
    trustProxy: false,
    documentation: undefined,
    basePath,
  });
  serveConsole(app, { directory: pathToFileURL(`${pages}/`), basePath });
  await app.init();
  apps.push(app);
  return app;
}

let app: NestFastifyApplication;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'console-spec-'));
  mkdirSync(join(directory, 'assets'));
  writeFileSync(join(directory, 'index.html'), PAGE);
  writeFileSync(join(directory, 'assets/index-1.js'), 'start()');
  writeFileSync(join(directory, 'assets/index-1.js.map'), '{}');
  writeFileSync(join(directory, 'secret.js'), 'secret');
  app = await appAt('');
});
afterAll(async () => {
  await Promise.all(apps.map((each) => each.close()));
  rmSync(directory, { recursive: true });
});

describe('the console', () => {
  it.each(['/console', '/console/', '/console/users', '/console/users/1?x=2', '/console/assets'])(
    'is the page at %s',
    async (url) => {
      const { statusCode, headers, body } = await app.inject(url);
      expect(statusCode).toBe(200);
      expect(headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-cache',
        'x-content-type-options': 'nosniff',
      });
      expect(body).toBe('<script type="module" src="/console/assets/index-1.js"></script>');
    },
  );

  it('allows no inline code, no other origin and no frame', async () => {
    const policy = String((await app.inject('/console')).headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    // A picture can run nothing.
    expect(policy.replace("img-src 'self' data:", '')).not.toMatch(/unsafe|http|data:|\*/);
  });

  it('serves assets for ever, since their names change with their content', async () => {
    const { statusCode, headers, body } = await app.inject('/console/assets/index-1.js');
    expect([statusCode, body]).toEqual([200, 'start()']);
    expect(headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
    });
  });

  it.each(['/console', '/console/assets/index-1.js'])(
    'answers HEAD %s without a body',
    async (url) => {
      const { statusCode, headers, body } = await app.inject({ method: 'HEAD', url });
      expect([statusCode, body]).toEqual([200, '']);
      expect(headers['content-length']).toBe(String((await app.inject(url)).body.length));
    },
  );

  it.each([
    '/console/assets/gone-0.js',
    '/console/assets/..%2fsecret.js',
    '/console/assets/..%2Findex.html',
    '/console/assets/%2e%2e%2fsecret.js',
    '/console/assets/..%5csecret.js',
    '/console/assets/',
    '/console/assets/.',
    '/console/assets/index-1.js.map',
    '/console/assets/constructor',
  ])('has nothing at %s', async (url) => {
    const { statusCode, headers, body } = await app.inject(url);
    expect([statusCode, body.includes('secret')]).toEqual([404, false]);
    expect(headers['content-type']).toContain('application/problem+json');
  });

  it('answers other methods like any path that is not there', async () => {
    expect((await app.inject({ method: 'POST', url: '/console' })).statusCode).toBe(404);
  });

  it('links to assets below the path of the issuer', async () => {
    const below = await appAt('/tenants/one');
    const { body } = await below.inject('/tenants/one/console/users/1');
    expect(body).toContain('src="/tenants/one/console/assets/index-1.js"');
    const asset = await below.inject('/tenants/one/console/assets/index-1.js');
    expect(asset.body).toBe('start()');
  });

  it('takes no notice of what means something in a replacement', async () => {
    const below = await appAt('/$&');
    const { body } = await below.inject('/$&/console');
    expect(body).toContain('src="/$&/console/assets/index-1.js"');
  });

  it('is not there when it was not built', async () => {
    const unbuilt = await appAt('', join(directory, 'none'));
    for (const url of ['/console', '/console/assets/index-1.js']) {
      expect((await unbuilt.inject(url)).statusCode).toBe(404);
    }
  });
});
