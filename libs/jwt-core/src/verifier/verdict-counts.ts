import { TokenError, type TokenErrorCode } from './token-error.js';

/** The result for a token: accepted, or refused with this code. */
export type Verdict = 'accepted' | TokenErrorCode;

/** How many tokens got which verdict since the process began. */
export class VerdictCounts {
  readonly byVerdict: Record<Verdict, number> = {
    accepted: 0,
    token_missing: 0,
    token_invalid: 0,
    token_expired: 0,
    token_revoked: 0,
    keys_unavailable: 0,
    introspection_unavailable: 0,
    revocations_stale: 0,
  };

  /** Counts a refusal. Only a TokenError is one: other errors say nothing about a token. */
  noteRefusal(error: unknown): void {
    if (error instanceof TokenError) this.byVerdict[error.code] += 1;
  }

  /** Counts the verdict of a promise, and passes it on. */
  async ofPromise<T>(judging: Promise<T>): Promise<T> {
    try {
      const accepted = await judging;
      this.byVerdict.accepted += 1;
      return accepted;
    } catch (error) {
      this.noteRefusal(error);
      throw error;
    }
  }
}
