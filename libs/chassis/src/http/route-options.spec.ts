import { provideProblems } from '@jwt-auth/jwt-core';
import { Body, Controller, Get, HttpException, Module, Param, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { StructuredLogger } from '../logging/structured-logger.js';
import { createHttpApp } from './http-app.js';
import { RouteOptions } from './route-options.js';

const Blob = z.object({ text: z.string() });

@Controller()
class BlobsController {
  @Post('large')
  @RouteOptions({ bodyLimitBytes: 32_768 })
  large(@Body({ schema: Blob }) { text }: z.infer<typeof Blob>) {
    return { size: text.length };
  }

  @Post('small')
  small(@Body({ schema: Blob }) { text }: z.infer<typeof Blob>) {
    return { size: text.length };
  }

  @Get('routine/:status')
  @RouteOptions({ isRoutine: true })
  routine(@Param('status') status: string) {
    if (status !== '200') throw new HttpException('as asked', Number(status));
    return {};
  }
}

@Module({ controllers: [BlobsController], providers: [provideProblems()] })
class BlobsModule {}

interface Line {
  readonly msg: string;
  readonly level: string;
  readonly status: number;
}
const lines: Line[] = [];
let app: NestFastifyApplication;

beforeAll(async () => {
  const destination = { write: (text: string) => void lines.push(JSON.parse(text) as Line) };
  app = await createHttpApp(BlobsModule, {
    logger: new StructuredLogger({ name: 'blobs', level: 'debug', destination }),
    trustProxy: false,
    documentation: { title: 'Blobs', description: 'Takes blobs' },
  });
  await app.init();
});
afterAll(() => app.close());
beforeEach(() => void lines.splice(0));

describe('a route with a body limit of its own', () => {
  const post = async (url: string, size: number): Promise<number> =>
    (await app.inject({ method: 'POST', url, payload: { text: 'a'.repeat(size) } })).statusCode;

  it.each([
    ['takes what is larger than elsewhere', '/large', 30_000, 201],
    ['refuses what is larger than its own', '/large', 33_000, 413],
    ['leaves the limit of others as it is', '/small', 17_000, 413],
  ])('%s', async (_, url, size, status) => {
    expect(await post(url, size)).toBe(status);
  });
});

describe('a route that machines call all the time', () => {
  it.each([
    ['200', 'debug'],
    ['404', 'info'],
    ['503', 'info'],
  ])('logs an answer of %s at level %s', async (status, level) => {
    await app.inject({ url: `/routine/${status}` });
    const line = lines.find(({ msg }) => msg === 'request');
    expect(line).toMatchObject({ level, 'http.response.status_code': Number(status) });
  });
});
