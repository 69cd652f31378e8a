import type { JwtCoreLog } from '../issuer/log.js';
import { describeIgnored, type IgnoredJwk } from './jwk-set.js';

/** `missing`: no keys to verify with. `stale`: keys, but the last fetch of them failed. */
export type KeySetState = 'missing' | 'fresh' | 'stale';

/** Logs changes only, and not each fetch. */
export class KeySetReport {
  private state: KeySetState | undefined;
  private ignored = '';

  constructor(
    private readonly issuer: string,
    private readonly log: JwtCoreLog | undefined,
  ) {}

  noteState(state: KeySetState, failure: unknown): void {
    if (state === this.state) return;
    const isFirst = this.state === undefined;
    this.state = state;
    if (state === 'fresh') {
      return this.log?.log(`Fetched the keys of ${this.issuer}${isFirst ? '' : ' again'}`);
    }
    const reason = failure instanceof Error ? failure.message : String(failure);
    const rest = state === 'stale' ? 'the last ones stay in use' : 'there are none to use';
    this.log?.warn(`The keys of ${this.issuer} cannot be fetched, ${rest}: ${reason}`);
  }

  noteIgnored(keys: readonly IgnoredJwk[]): void {
    const ignored = describeIgnored(keys);
    if (ignored === this.ignored) return;
    this.ignored = ignored;
    if (ignored !== '') this.log?.warn(`Keys of ${this.issuer} that are not used: ${ignored}`);
  }
}
