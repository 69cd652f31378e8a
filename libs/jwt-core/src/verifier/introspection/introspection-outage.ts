import type { JwtCoreLog } from '../../log.js';
import { backOffMs } from '../../timing/back-off.js';
import { TokenError } from '../token-error.js';

/** Why an introspection gave no answer. */
export interface IntrospectionFailure {
  readonly message: string;
  /** The issuer refuses this service: its configuration must change. */
  readonly isRefusal?: boolean;
  /** `Retry-After` of the issuer. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

const RETRIES = { firstMs: 100, longestMs: 1_000 };
const LONGEST_PAUSE_MS = 30_000;

/** Failures of introspection in a row: logs changes, and waits between attempts. */
export class IntrospectionOutage {
  private failures = 0;
  private pausedUntilMs = -Infinity;
  private lastError: TokenError | undefined;
  private reported: 'nothing' | 'warning' | 'refusal' = 'nothing';

  constructor(
    private readonly issuer: string,
    private readonly monotonicNow: () => number,
    private readonly log: JwtCoreLog | undefined,
  ) {}

  /** @throws TokenError `introspection_unavailable` during the pause after a failure */
  refuseDuringPause(): void {
    if (this.lastError && this.monotonicNow() < this.pausedUntilMs) throw this.lastError;
  }

  noteAnswer(): void {
    if (this.reported !== 'nothing') this.log?.log(`Introspection at ${this.issuer} works again`);
    this.failures = 0;
    this.pausedUntilMs = -Infinity;
    this.reported = 'nothing';
  }

  /** Returns the error to throw. Simultaneous failures count once. */
  noteFailure(failure: IntrospectionFailure): TokenError {
    this.report(failure);
    const { message, cause } = failure;
    const error = new TokenError('introspection_unavailable', message, { cause });
    const nowMs = this.monotonicNow();
    if (nowMs < this.pausedUntilMs) return error;
    const askedForMs = Math.min(failure.retryAfterMs ?? 0, LONGEST_PAUSE_MS);
    this.failures += 1;
    this.lastError = error;
    this.pausedUntilMs = nowMs + Math.max(backOffMs(this.failures, RETRIES), askedForMs);
    return error;
  }

  private report({ message, isRefusal = false }: IntrospectionFailure): void {
    const kind = isRefusal ? 'refusal' : 'warning';
    if (this.reported === kind) return;
    this.reported = kind;
    const text = `Reference tokens cannot be introspected at ${this.issuer}: ${message}`;
    if (isRefusal) this.log?.error(text);
    else this.log?.warn(text);
  }
}
