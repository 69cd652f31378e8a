import { describeIgnored, type IgnoredJwk } from './jwk-set.js';

/** Where a key set tells what became of it: once for each change, not per fetch or request. */
export interface KeySetLog {
  log(message: string): void;
  warn(message: string): void;
}

/** `missing`: no keys to verify with. `stale`: keys, but the last fetch of them failed. */
export type KeySetState = 'missing' | 'fresh' | 'stale';

/** Turns the outcomes of many fetches into few lines of log. */
export class KeySetReport {
  private state: KeySetState | undefined;
  private ignored = '';

  constructor(
    private readonly issuer: string,
    private readonly log: KeySetLog | undefined,
  ) {}

  noteState(state: KeySetState, failure: unknown): void {
    if (state === this.state) return;
    const isFirst = this.state === undefined;
    this.state = state;
    if (state === 'fresh') {
      return this.log?.log(`The keys of ${this.issuer} are ${isFirst ? '' : 'again '}at hand`);
    }
    const reason = failure instanceof Error ? failure.message : String(failure);
    const rest = state === 'stale' ? 'going on with those at hand' : 'none are at hand';
    this.log?.warn(`The keys of ${this.issuer} cannot be fetched, ${rest}: ${reason}`);
  }

  noteIgnored(keys: readonly IgnoredJwk[]): void {
    const ignored = describeIgnored(keys);
    if (ignored === this.ignored) return;
    this.ignored = ignored;
    if (ignored !== '') this.log?.warn(`Keys of ${this.issuer} that are not used: ${ignored}`);
  }
}
