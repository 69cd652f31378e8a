import { createHash } from 'node:crypto';

/** One count of failed attempts. */
export interface Limit {
  readonly key: string;
  /** After so many attempts, each further one starts a pause: 1 s, 2 s, 4 s, up to 60 s. */
  readonly free: number;
  /** Also of attempts that succeed. */
  readonly countsSuccess?: true;
}

/** The counts that an attempt is subject to. One that is paused refuses the attempt. */
export interface AttemptLimits {
  readonly limits: readonly Limit[];
  /** The attempt is carried out during a pause as well, until so many have been counted. */
  readonly allowedDespitePause: number;
  /** A count is forgotten an hour after its first or its last attempt. */
  readonly forgottenAfter: 'first' | 'last';
}

/** An attempt to log in, whether or not the account exists. */
export interface LoginAttempt {
  /** The e-mail without regard to case. */
  readonly account: string;
  readonly network: string;
}

/**
 * What counts failed logins. A known network is one from which the user has logged in before.
 *
 * Unknown networks have 5 free failures at an account each, 25 at an account together, and 100 each
 * at all accounts. With the pauses that follow, they have some 90 guesses an hour at an account
 * (threat:password-guessing; ASVS 2.2.1 allows 100).
 *
 * A known network is subject to neither of the last two, which strangers and neighbours fill
 * (threat:victim-lockout). During the pause that its own failures cause, the right password is
 * accepted all the same, because a neighbour behind the same address may have caused them. So that
 * such a neighbour cannot guess for ever, this ends at 100 failures; then one attempt a minute
 * remains.
 */
export function loginLimits(
  { account, network }: LoginAttempt,
  isKnownNetwork: boolean,
): AttemptLimits {
  // A hash: the table must not collect e-mail addresses that users mistyped.
  const accountKey = `account:${createHash('sha256').update(account).digest('base64url')}`;
  const here: Limit = { key: `${accountKey}@${network}`, free: 5 };
  if (isKnownNetwork) {
    return { limits: [here], allowedDespitePause: 100, forgottenAfter: 'last' };
  }
  return {
    limits: [here, { key: `address:${network}`, free: 100 }, { key: accountKey, free: 25 }],
    allowedDespitePause: 0,
    forgottenAfter: 'last',
  };
}

/** The count of failures of an account at a network, which a right password ends. */
export const failuresHere = ({ limits }: AttemptLimits): Limit => limits[0] as Limit;

/**
 * What counts registrations of a network. An answer `email_taken` names an account, so a network
 * gets 20 of them, and then one a minute (threat:account-enumeration).
 */
export function registrationLimits(network: string, accountsPerHour: number): AttemptLimits {
  return {
    limits: [
      { key: `registration:${network}`, free: accountsPerHour, countsSuccess: true },
      { key: `taken:${network}`, free: 20 },
    ],
    allowedDespitePause: 0,
    // Else a large network with a registration every few minutes would reach any limit in time.
    forgottenAfter: 'first',
  };
}
