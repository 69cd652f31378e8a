import {
  type ExecutionContext,
  ForbiddenException,
  type HttpException,
  Logger,
  ServiceUnavailableException,
  UnauthorizedException,
} from '@nestjs/common';
import {
  isRefusalCause,
  type Problem,
  problemDocument,
  type RefusalCause,
  refusalProblem,
} from '../http/problem.js';
import { isPromise } from '../verifier/is-promise.js';
import { TokenError } from '../verifier/token-error.js';
import type { AppOptions } from './app-options.js';
import { resourceMetadataAddress } from './protected-resource.js';
import { closeSocket } from './socket.js';
import { type ErrorClasses, transportError } from './transport-errors.js';

/** The answers for the exceptions that guards have thrown. */
const problems = new WeakMap<object, Problem>();

/** The answer for a refusal. `undefined` for every other error. */
export function problemOfRefusal(error: unknown): Problem | undefined {
  return typeof error === 'object' && error !== null ? problems.get(error) : undefined;
}

/**
 * The exceptions that guards throw for a refusal, as a type for `@Catch()`. They are Nest's own
 * classes, so that filters which know nothing of this library answer them with the right status.
 */
export abstract class Refusal {
  static [Symbol.hasInstance](error: unknown): boolean {
    return problemOfRefusal(error) !== undefined;
  }
}

type HttpExceptionClass = new (body: object, options: { cause: unknown }) => HttpException;

const CLASSES: Readonly<Record<number, HttpExceptionClass>> = {
  401: UnauthorizedException,
  403: ForbiddenException,
  503: ServiceUnavailableException,
};

/** Turns the reasons of refusals into the exceptions that guards throw. */
export class Refusals {
  private readonly logger = new Logger('JwtGuard');
  private readonly log = new RefusalLog(this.logger);

  constructor(
    private readonly options: Pick<AppOptions, 'onRefused' | 'resource'> = {},
    private readonly classes: ErrorClasses = {},
  ) {}

  /**
   * The exception for an error of a guard: `UnauthorizedException`, `ForbiddenException` or
   * `ServiceUnavailableException`, with the error as its `cause` and the problem document as its
   * body. `WWW-Authenticate` and `Retry-After` are set on the response at once, so that they are
   * sent whichever filter answers. In other contexts it is a `GraphQLError`, a `WsException` or an
   * `RpcException`. Every other error is returned as it is.
   */
  of(error: unknown, context: ExecutionContext): unknown {
    if (!isRefusalCause(error)) return error;
    this.report(error, context);
    const type = context.getType<string>();
    if (type === 'http') return this.exception(error, context.getArgByIndex<HttpResponse>(1));
    const problem = this.problemOf(error);
    const refusal = transportError(type, problem, this.classes);
    if (!refusal) return this.exception(error, undefined);
    Object.defineProperty(refusal, 'cause', { value: error });
    problems.set(refusal, problem);
    // The token of a socket stays the same, so its later messages would be refused, too. Closed
    // after the answer, which Nest sends when the guard has thrown.
    const isOver = error instanceof TokenError && error.code !== 'token_missing';
    if (type === 'ws' && problem.status === 401 && isOver) {
      setImmediate(closeSocket, context.getArgByIndex<object>(0), problem);
    }
    return refusal;
  }

  /** The same where there is no context. On Fastify a passport strategy has no response, either. */
  ofStrategy(error: unknown, response: HttpResponse | undefined): unknown {
    if (!isRefusalCause(error)) return error;
    this.report(error, undefined);
    return this.exception(error, response);
  }

  /** With the address of the metadata in its challenge (RFC 9728 section 5.1). */
  private problemOf(cause: RefusalCause): Problem {
    const problem = refusalProblem(cause);
    const challenge = problem.headers?.['WWW-Authenticate'];
    const { resource } = this.options;
    if (resource === undefined || challenge === undefined) return problem;
    const parameter = `resource_metadata="${resourceMetadataAddress(resource)}"`;
    const separator = challenge === 'Bearer' ? ' ' : ', ';
    return { ...problem, headers: { 'WWW-Authenticate': challenge + separator + parameter } };
  }

  private report(error: RefusalCause, context: ExecutionContext | undefined): void {
    this.log.note(`Refused as ${error.code}: ${error.message}`);
    try {
      const reported = this.options.onRefused?.(error, context);
      if (isPromise(reported)) Promise.resolve(reported).catch(this.noteFailure);
    } catch (failure) {
      this.noteFailure(failure);
    }
  }

  /** A failure of `onRefused` does not change the answer to the caller. */
  private readonly noteFailure = (error: unknown): void => {
    this.logger.error(error, 'onRefused failed');
  };

  private exception(cause: RefusalCause, response: HttpResponse | undefined): HttpException {
    const problem = this.problemOf(cause);
    const exception = new CLASSES[problem.status]!(problemDocument(problem), { cause });
    problems.set(exception, problem);
    for (const [name, value] of Object.entries(problem.headers ?? {})) {
      response?.header(name, value);
    }
    return exception;
  }
}

/** Express' response and Fastify's reply have the same method for it. */
export interface HttpResponse {
  header(name: string, value: string): unknown;
}

const WINDOW_MS = 10_000;
/** More than there are reasons, unless an application has very many scopes. */
const MOST_LINES = 50;

/**
 * Logs why callers are refused. Anyone can cause refusals: each reason is logged once in ten
 * seconds, with the number of times that it was left out in the ten seconds before.
 */
export class RefusalLog {
  private counts = new Map<string, number>();
  private before = new Map<string, number>();
  private startedAtMs = -Infinity;

  constructor(
    private readonly log: { debug(message: string): void },
    private readonly monotonicNow: () => number = () => performance.now(),
  ) {}

  note(reason: string): void {
    const nowMs = this.monotonicNow();
    if (nowMs - this.startedAtMs >= WINDOW_MS) this.startWindow(nowMs);
    const count = this.counts.get(reason) ?? 0;
    if (count === 0 && this.counts.size === MOST_LINES) return;
    this.counts.set(reason, count + 1);
    if (count > 0) return;
    const suppressed = (this.before.get(reason) ?? 1) - 1;
    this.log.debug(suppressed > 0 ? `${reason} (and ${suppressed} times before)` : reason);
  }

  private startWindow(nowMs: number): void {
    // Reasons of an older window than the last would be reported as if they were recent.
    this.before =
      nowMs - this.startedAtMs < 2 * WINDOW_MS ? this.counts : new Map<string, number>();
    this.counts = new Map();
    this.startedAtMs = nowMs;
  }
}
