import type { ProvenToken } from './proven-token.js';

/** A reference token and what the issuer said of it. */
export interface IntrospectedToken {
  readonly proven: ProvenToken;
  /** For how long that counts, on the monotonic clock. */
  readonly untilMs: number;
}

interface Kept extends IntrospectedToken {
  readonly weight: number;
}

/**
 * The reference tokens that were asked about last. Each counts as one, and as one more for each KiB
 * of `claims`: of these it may have 64, and memory is to be bounded by the number alone.
 */
export class IntrospectedTokens {
  /** From the one asked about longest ago. */
  private readonly kept = new Map<string, Kept>();
  private weight = 0;

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.kept.size;
  }

  find(token: string): IntrospectedToken | undefined {
    return this.kept.get(token);
  }

  /** Makes room by forgetting the oldest. What is too large for all of the room is not kept. */
  remember(token: string, { proven, untilMs }: IntrospectedToken): void {
    this.forget(token);
    const weight = 1 + Math.floor(JSON.stringify(proven.principal.claims).length / 1024);
    if (weight > this.capacity) return;
    // A copy: a slice would keep all of a long header alive.
    const own = Buffer.from(token, 'latin1').toString('latin1');
    this.kept.set(own, { proven, untilMs, weight });
    this.weight += weight;
    for (const oldest of this.kept.keys()) {
      if (this.weight <= this.capacity) break;
      this.forget(oldest);
    }
  }

  forget(token: string): void {
    this.weight -= this.kept.get(token)?.weight ?? 0;
    this.kept.delete(token);
  }
}
