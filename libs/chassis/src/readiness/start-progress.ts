import type { Unreadiness } from './readiness.js';

/** What a process that starts still waits for. Its readiness shows this until the app takes over. */
export class StartProgress {
  private readonly reasons: Map<string, string>;

  /** @param needs the names that the app's own readiness uses, as `database` */
  constructor(needs: readonly string[] = []) {
    this.reasons = new Map(needs.map((need) => [need, 'not there yet']));
  }

  /** @param reason why there is no `need` yet, in a few words without addresses or names */
  waitsFor(need: string, reason: string): void {
    this.reasons.set(need, reason);
  }

  has(need: string): void {
    this.reasons.delete(need);
  }

  get missing(): readonly Unreadiness[] {
    const missing = [...this.reasons].map(([name, reason]) => ({ name, reason }));
    return missing.length > 0 ? missing : [{ name: 'process', reason: 'is starting' }];
  }
}
