import { Logger } from '@nestjs/common';
import { describe, expect, it, vi } from 'vitest';

import { RequestContext, withRequest } from '../context/request-context.js';
import type { LogLevel } from '../settings/service-settings.js';
import { StructuredLogger } from './structured-logger.js';

function recorder(level: LogLevel = 'info') {
  const texts: string[] = [];
  const destination = { write: (text: string) => void texts.push(text) };
  return {
    texts,
    logger: new StructuredLogger({ name: 'orders', level, destination }),
    lines: () => texts.map((text) => JSON.parse(text) as Record<string, unknown>),
  };
}

describe('StructuredLogger', () => {
  it('writes one JSON line with level, service, time, context and fields', () => {
    const { logger, lines } = recorder();
    logger.warn('Slow', { durationMs: 5 }, 'Database');
    expect(lines()).toEqual([
      expect.objectContaining({
        level: 'warn',
        'service.name': 'orders',
        'process.pid': process.pid,
        msg: 'Slow',
        durationMs: 5,
        context: 'Database',
        time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      }),
    ]);
  });

  it('writes what the loggers of Nest log', () => {
    const { logger, lines } = recorder();
    Logger.overrideLogger(logger);
    new Logger('RoutesResolver').error('No route', new Error('because'));
    expect(lines()).toMatchObject([
      {
        ...{ level: 'error', msg: 'No route', context: 'RoutesResolver' },
        'error.type': 'Error',
        'exception.type': 'Error',
        'exception.message': 'because',
        'exception.stacktrace': expect.stringContaining('structured-logger.spec') as string,
      },
    ]);
  });

  it('logs modules and routes at level debug only', () => {
    const { logger, texts } = recorder();
    logger.log('Mapped {/orders, GET} route', 'RouterExplorer');
    expect(texts).toEqual([]);
  });

  it('writes nothing below its level', () => {
    const { logger, texts } = recorder('error');
    logger.warn('warn');
    logger.log('log');
    logger.debug('debug');
    logger.verbose('verbose');
    logger.error('error');
    logger.fatal('fatal');
    expect(texts).toHaveLength(2);
  });

  it('adds the id of the request to each of its lines, also after a wait', async () => {
    const { logger, lines } = recorder();
    await withRequest(new RequestContext('r1'), async () => {
      await new Promise(setImmediate);
      logger.log('inside');
    });
    logger.log('outside');
    expect(lines().map(({ requestId }) => requestId)).toEqual(['r1', undefined]);
  });

  it('logs the causes of an error, and no other members of it', () => {
    const { logger, lines, texts } = recorder();
    const driver = Object.assign(new Error('duplicate key'), {
      code: '23505',
      detail: 'Key (email)=(secret-detail) exists',
      parameters: ['secret-parameter'],
    });
    logger.error('Could not save', new Error('query failed', { cause: driver }));
    expect(lines()[0]).toMatchObject({
      'exception.message': 'query failed',
      'exception.cause': { message: 'duplicate key', code: '23505' },
    });
    expect(texts[0]).not.toMatch(/secret-/);
  });

  it('logs each kind of database failure once a second, without a stack', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { logger, lines } = recorder();
    const failure = (code: string) => Object.assign(new Error('down'), { code });
    for (let count = 0; count < 100; count += 1) {
      logger.error(failure('ECONNREFUSED'), { requestId: 'r' });
      logger.error(failure('57P01'), 'Requests');
      logger.error('The keys were not read', failure('57P01'), 'Keys');
      vi.advanceTimersByTime(11);
    }
    const kinds = lines().map((line) => [line.msg, line['error.type'], line.suppressed]);
    vi.useRealTimers();
    expect(kinds.slice(0, 3).map(([, type]) => type)).toEqual(['ECONNREFUSED', '57P01', '57P01']);
    expect(kinds).toHaveLength(3 * 2);
    expect(kinds.at(-1)?.at(-1)).toBe(90);
    expect(JSON.stringify(lines())).not.toMatch(/stack/);
  });

  it('survives errors and objects that contain themselves', () => {
    const { logger, texts } = recorder();
    const error: Error = new Error('round');
    error.cause = error;
    const ring: Record<string, unknown> = {};
    ring.ring = ring;
    logger.error('Odd', error, ring);
    expect(texts).toHaveLength(1);
  });

  const secrets: [string, unknown][] = [
    ['a password', { password: 'hunter2' }],
    ['a new password', { body: { newPassword: 'hunter2' } }],
    ['a refresh token', { answer: [{ refresh_token: 'hunter2' }] }],
    ['an authorization header', { headers: { authorization: 'hunter2' } }],
    ['cookies', { headers: { 'set-cookie': ['hunter2', 'a]b hunter2'] } }],
    ['a client secret', { clientSecret: { current: 'hunter2' } }],
    ['bytes', { key: Buffer.from('hunter2') }],
    ['an e-mail in a member', { email: 'hunter2' }],
    ['an e-mail in a text', 'no user hunter2@example.com here'],
    ['an e-mail of another script', 'no user hunter2ü@beispiel.example here'],
    ['a bearer token in a text', 'Authorization: Bearer hunter2-hunter2'],
    ['basic credentials in a text', 'Basic aHVudGVyMg-hunter2=='],
    ['an access token in a text', 'got eyJhbGciOiJSUzI1NiJ9.eyJodW50ZXIy.hunter2 from'],
    ['a password in an address', new Error('cannot reach postgres://app:hunter2@db:5432/x')],
  ];
  it.each(secrets)('never writes %s', (_name, secret) => {
    const { logger, lines, texts } = recorder();
    logger.log(secret);
    logger.log('with a message', secret);
    expect(lines()).toHaveLength(2);
    expect(texts.join()).not.toMatch(/hunter2|aHVudGVy|104,117,110/);
  });
});
