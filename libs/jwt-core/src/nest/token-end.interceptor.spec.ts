import { EventEmitter } from 'node:events';
import type { CallHandler, NestInterceptor } from '@nestjs/common';
import { Logger } from '@nestjs/common';
import { INTERCEPTORS_METADATA } from '@nestjs/common/constants.js';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { firstValueFrom, of } from 'rxjs';
import { expect, it, vi } from 'vitest';
import { TokenError } from '../verifier/token-error.js';
import type { NestModule } from './routes.js';
import { interceptStreams } from './token-end.interceptor.js';
import { noteAdmission, principalSignal, type TokenEnds } from './token-ends.js';

/** A subscription of a caller whose token is followed, and what ends that token. */
async function subscription(events: AsyncIterator<unknown>) {
  const handler = () => {};
  interceptStreams([
    {
      kind: 'graphql',
      module: {} as NestModule,
      handler,
      controller: class Resolver {},
      isDecorated: true,
      isStream: true,
      label: 'Subscription (Resolver.handler)',
    },
  ]);
  const [interceptor] = Reflect.getMetadata(INTERCEPTORS_METADATA, handler) as NestInterceptor[];
  const req = {};
  const context = new ExecutionContextHost([undefined, undefined, { req }], undefined, handler);
  context.setType('graphql');
  const followed = { end: (_reason: TokenError) => {}, isReleased: false };
  const follow = (_carrier: object, end: (reason: TokenError) => void) => {
    followed.end = end;
    return () => {
      followed.isReleased = true;
    };
  };
  noteAdmission(req, context, { follow } as unknown as TokenEnds);
  const next: CallHandler = { handle: () => of({ [Symbol.asyncIterator]: () => events }) };
  const result = await interceptor!.intercept(context, next);
  return { followed, events: (await firstValueFrom(result)) as AsyncIterator<unknown> };
}

const expired = new TokenError('token_expired', 'exp is past');

it('a subscription ends with its token, though its source cannot be ended', async () => {
  const logged = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
  const failure = new Error('no connection to the broker');
  const { followed, events } = await subscription({
    next: () => new Promise(() => undefined),
    return: () => Promise.reject(failure),
  });
  const next = events.next();
  followed.end(expired);
  expect(await next).toMatchObject({ done: true });
  await expect.poll(() => logged.mock.calls.length).toBeGreaterThan(0);
  expect(logged).toHaveBeenCalledWith(failure);
  logged.mockRestore();
});

it('the token of a subscription whose source fails is not followed any more', async () => {
  const failure = new Error('no connection to the broker');
  const { followed, events } = await subscription({ next: () => Promise.reject(failure) });
  await expect(events.next()).rejects.toBe(failure);
  expect(followed.isReleased).toBe(true);
});

it('principalSignal is not spoilt by a call of it before the guard', () => {
  const response = new EventEmitter();
  const request = {};
  const context = new ExecutionContextHost([request, response]);
  expect(principalSignal(request).aborted).toBe(false);
  let end = (_reason: TokenError) => {};
  const follow = (_carrier: object, ending: typeof end) => {
    end = ending;
    return () => {};
  };
  noteAdmission(request, context, { follow } as unknown as TokenEnds);
  const signal = principalSignal(request);
  end(expired);
  expect(signal.reason).toBe(expired);
});
