import { EventEmitter } from 'node:events';
import type { CallHandler, NestInterceptor } from '@nestjs/common';
import { Logger } from '@nestjs/common';
import { INTERCEPTORS_METADATA } from '@nestjs/common/constants.js';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { concat, firstValueFrom, lastValueFrom, NEVER, of, toArray } from 'rxjs';
import { expect, it, vi } from 'vitest';
import { TokenError } from '../verifier/token-error.js';
import type { EntryKind } from './handlers.js';
import type { NestModule } from './routes.js';
import { interceptStreams } from './token-end.interceptor.js';
import { noteAdmission, principalSignal, type TokenEnds } from './token-ends.js';

/** A handler with the interceptor that it gets, and the context of a call with these arguments. */
function call(kind: EntryKind, args: unknown[]) {
  const handler = () => {};
  interceptStreams([
    {
      kind,
      module: {} as NestModule,
      handler,
      controller: class Handlers {},
      isDecorated: true,
      isStream: true,
      label: 'handler (Handlers.handler)',
    },
  ]);
  const [interceptor] = Reflect.getMetadata(INTERCEPTORS_METADATA, handler) as NestInterceptor[];
  const context = new ExecutionContextHost(args, undefined, handler);
  context.setType(kind);
  return { interceptor: interceptor!, context };
}

/** A subscription of a caller whose token is followed, and what ends that token. */
async function subscription(events: AsyncIterator<unknown>) {
  const req = {};
  const { interceptor, context } = call('graphql', [undefined, undefined, { req }]);
  const followed = { end: (_reason: TokenError) => {}, isReleased: false };
  const follow = (_carrier: object, end: (reason: TokenError) => void) => {
    followed.end = end;
    return () => {
      followed.isReleased = true;
    };
  };
  noteAdmission(req, context, { follow } as unknown as TokenEnds);
  const next: CallHandler = { handle: () => of({ [Symbol.asyncIterator]: () => events }) };
  const result = await interceptor.intercept(context, next);
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

it('the answers to a message fail if its token cannot be found any more', async () => {
  const message = {};
  const { interceptor, context } = call('rpc', ['data', message]);
  const failure = new TokenError('token_missing', 'there is no Authorization header');
  const follow = () => {
    throw failure;
  };
  noteAdmission(message, context, { follow } as unknown as TokenEnds);
  const answers = await interceptor.intercept(context, { handle: () => concat(of(1), NEVER) });
  const received = vi.fn();
  await expect(
    new Promise((_, error) => answers.subscribe({ next: received, error })),
  ).rejects.toBe(failure);
  expect(received).toHaveBeenCalledExactlyOnceWith(1);
});

it.each([
  ['its data alone', ['data']],
  ['the call of a stream of gRPC and its callback', [{}, () => {}]],
  ['a context that no guard has seen', ['data', {}]],
])('a message handler that gets %s is left alone', async (_, args) => {
  const { interceptor, context } = call('rpc', args);
  const answers = await interceptor.intercept(context, { handle: () => of(1, 2) });
  expect(await lastValueFrom(answers.pipe(toArray()))).toEqual([1, 2]);
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
