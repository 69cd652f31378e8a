import { TokenError, type TokenErrorCode } from './token-error.js';

/** What came of a token: it was let in, or refused with this code. */
export type Verdict = 'accepted' | TokenErrorCode;

/** How often tokens were judged in which way, since the process began. Counting costs an addition. */
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

  /** Counts a refusal, whatever it was thrown as: what is no TokenError judged no token. */
  noteRefusal(error: unknown): void {
    if (error instanceof TokenError) this.byVerdict[error.code] += 1;
  }

  /** Counts what comes of a judgement that has to wait for something, and hands it on. */
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
