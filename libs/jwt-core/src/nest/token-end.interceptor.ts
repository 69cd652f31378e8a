import {
  type CallHandler,
  type ExecutionContext,
  Logger,
  type NestInterceptor,
} from '@nestjs/common';
import { INTERCEPTORS_METADATA, SSE_METADATA } from '@nestjs/common/constants.js';
import { map, Observable } from 'rxjs';
import { findCarrier } from './calls.js';
import type { Route } from './routes.js';
import { tokenEndsOf } from './token-ends.js';

const logger = new Logger('JwtGuard');

type Follow = (end: () => void) => () => void;

/** Completes what a handler streams when its token ends. */
const tokenEndInterceptor: NestInterceptor = {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    // A handler without a guard may get anything.
    const carrier = findCarrier(context);
    const ends = carrier && tokenEndsOf(carrier);
    if (!ends) return next.handle();
    const follow: Follow = (end) => ends.follow(carrier, end);
    if (context.getType<string>() === 'rpc') return endingAnswers(next.handle(), follow);
    return Reflect.hasMetadata(SSE_METADATA, context.getHandler())
      ? endingStream(next.handle(), follow)
      : next.handle().pipe(map((events: unknown) => endingIterator(events, follow)));
  },
};

/** Puts it on the handlers that need it: a global one would cost something for each request. */
export function interceptStreams(routes: readonly Route[]): void {
  for (const { handler, isStream } of routes) {
    if (!isStream) continue;
    const present = (Reflect.getMetadata(INTERCEPTORS_METADATA, handler) ?? []) as unknown[];
    if (present.includes(tokenEndInterceptor)) continue;
    // Outside of the others of the handler: one of them may merge a stream that goes on.
    Reflect.defineMetadata(INTERCEPTORS_METADATA, [tokenEndInterceptor, ...present], handler);
  }
}

function endingStream(source: Observable<unknown>, follow: Follow): Observable<unknown> {
  return new Observable((subscriber) => {
    subscriber.add(follow(() => subscriber.complete()));
    subscriber.add(source.subscribe(subscriber));
  });
}

/** The answers to a message. Most have one: only what goes on after the first is followed. */
function endingAnswers(source: Observable<unknown>, follow: Follow): Observable<unknown> {
  return new Observable((subscriber) => {
    let isFirst = true;
    const followLater = () => {
      isFirst = false;
      queueMicrotask(() => {
        if (subscriber.closed) return;
        // It reads the token again, which the handler may have removed from the metadata.
        try {
          subscriber.add(follow(() => subscriber.complete()));
        } catch (error) {
          subscriber.error(error);
        }
      });
    };
    subscriber.add(
      source.subscribe({
        next: (answer) => {
          subscriber.next(answer);
          if (isFirst) followLater();
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    );
  });
}

/** An iterator that is done when the token ends, even while it waits for the next event. */
function endingIterator(events: unknown, follow: Follow): unknown {
  const source = (events as Partial<AsyncIterable<unknown>> | null)?.[Symbol.asyncIterator]?.();
  if (!source) return events;
  const done: IteratorResult<unknown> = { done: true, value: undefined };
  let isEnded = false;
  let waiting: ((result: IteratorResult<unknown>) => void) | undefined;
  const release = follow(() => {
    isEnded = true;
    waiting?.(done);
    // Nobody waits for it any more.
    Promise.resolve(source.return?.()).catch((error: unknown) => logger.error(error));
  });
  const iterator: AsyncIterableIterator<unknown> = {
    next: () =>
      new Promise((resolve, reject) => {
        if (isEnded) return resolve(done);
        waiting = resolve;
        source.next().then(
          (result) => {
            if (result.done) release();
            resolve(result);
          },
          (error: Error) => {
            release();
            reject(error);
          },
        );
      }),
    return: async () => {
      release();
      isEnded = true;
      waiting?.(done);
      await source.return?.();
      return done;
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
