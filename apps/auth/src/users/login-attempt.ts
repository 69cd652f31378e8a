import { networkOf } from '@jwt-auth/chassis';
import { createHash } from 'node:crypto';

/** Who shall be proved to be there, and where the proof comes from. */
export interface AttemptOrigin {
  /** The e-mail without regard to case. */
  readonly account: string;
  readonly address: string;
}

/** An attempt to prove to be someone, whether or not there is such a person. */
export interface Attempt extends AttemptOrigin {
  /** The person has had a session from there. Asked only where it matters. */
  readonly isKnownAddress: () => Promise<boolean>;
}

/** So many failures are free. Each further one doubles the pause, from 1 s up to the longest. */
export interface Limit {
  readonly key: string;
  readonly free: number;
  readonly longestSeconds: number;
}

/** At this account from this address, from this address at all accounts, at this one from all over. */
export type LimitName = 'pair' | 'address' | 'everywhere';

/** What counts the failures of such an attempt. */
export function limitsOf({ account, address }: AttemptOrigin): Record<LimitName, Limit> {
  // The database needs no list of e-mails that people have mistyped.
  const accountKey = `account:${createHash('sha256').update(account).digest('base64url')}`;
  const party = networkOf(address);
  return {
    pair: { key: `${accountKey}@${party}`, free: 5, longestSeconds: 900 },
    address: { key: `address:${party}`, free: 100, longestSeconds: 900 },
    everywhere: { key: accountKey, free: 50, longestSeconds: 60 },
  };
}
