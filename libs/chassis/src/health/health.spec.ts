import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createHttpApp } from '../http/http-app.js';
import { StructuredLogger } from '../logging/structured-logger.js';
import { versionIn } from '../settings/service-settings.js';
import { HealthModule } from './health.module.js';
import type { ReadinessCheck } from '../readiness/readiness.js';

const check = (name: string, answer: ReadinessCheck['check']): ReadinessCheck => ({
  name,
  check: answer,
});

const build = { version: '1.2.3', commit: 'abc1234' };

let app: NestFastifyApplication | undefined;
const lines: Record<string, unknown>[] = [];
const write = (text: string) => void lines.push(JSON.parse(text) as Record<string, unknown>);

async function ask(path: string, checks: ReadinessCheck[], notes?: () => string[]) {
  @Module({ imports: [HealthModule.forRoot({ checks, build, ...(notes && { notes }) })] })
  class App {}
  app = await createHttpApp(App, {
    logger: new StructuredLogger({ name: 'spec', level: 'info', destination: { write } }),
    trustProxy: false,
    documentation: { title: 'Spec', description: 'Spec' },
  });
  await app.init();
  return app.inject(path);
}

beforeEach(() => void lines.splice(0));
afterEach(() => app?.close());

describe('versionIn', () => {
  it('reads the version of a package, and refuses one without', () => {
    const own = new URL('../../package.json', import.meta.url);
    expect(versionIn(own)).toMatch(/^\d+\.\d+\.\d+/);
    expect(() => versionIn(new URL('../../tsconfig.json', import.meta.url))).toThrow(/no version/);
  });
});

describe('a process', () => {
  it('says which program runs', async () => {
    const answer = await ask('/version', [check('database', () => 'cannot be reached')]);
    expect([answer.statusCode, answer.json()]).toEqual([200, build]);
  });

  it('is live although a check fails', async () => {
    const answer = await ask('/health/live', [check('database', () => 'cannot be reached')]);
    expect([answer.statusCode, answer.json()]).toEqual([200, { status: 'live' }]);
  });

  it('is ready when nothing is missing', async () => {
    const answer = await ask('/health/ready', [check('database', () => undefined)]);
    expect([answer.statusCode, answer.json()]).toEqual([200, { status: 'ready' }]);
  });

  it('is ready with notes for its operators', async () => {
    let notes = ['revocations of https://login.example.com: none'];
    const answer = await ask('/health/ready', [], () => notes);
    expect([answer.statusCode, answer.json()]).toEqual([200, { status: 'ready', notes }]);
    notes = [];
    expect((await app?.inject('/health/ready'))?.json()).toEqual({ status: 'ready' });
  });

  it('logs what is missing when that changes, and not for each probe', async () => {
    const reasons: (string | undefined)[] = [undefined, 'is gone', 'is late', undefined, undefined];
    const checks = [check('database', () => reasons.shift()), check('keys', () => undefined)];
    await ask('/health/ready', checks);
    while (reasons.length > 0) await app?.inject('/health/ready');
    expect(lines.filter(({ context }) => context === 'Readiness')).toMatchObject([
      { level: 'warn', msg: 'Not ready', missing: [{ name: 'database', reason: 'is gone' }] },
      { level: 'info', msg: 'Ready again' },
    ]);
  });

  it('is not ready while a check fails, and names it', async () => {
    const answer = await ask('/health/ready', [check('database', () => 'cannot be reached')]);
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.json()).toMatchObject({
      status: 503,
      code: 'not_ready',
      detail: 'Not ready: database (cannot be reached)',
      errors: [{ path: 'database', message: 'cannot be reached' }],
    });
  });
});
