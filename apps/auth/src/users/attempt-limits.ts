import { createHash } from 'node:crypto';

/** One count of failed attempts. */
export interface Limit {
  readonly key: string;
  /** Each attempt beyond this number starts a pause: 1 s, 2 s, 4 s, up to 60 s. */
  readonly free: number;
  /** Counts attempts that succeed, too. */
  readonly countsSuccess?: true;
  /** An attempt that succeeds resets this count. */
  readonly isResetBySuccess?: true;
}

/** The counts that an attempt is checked against. If one of them is paused, it is refused. */
export interface AttemptLimits {
  readonly limits: readonly Limit[];
  /**
   * Below this number of failures, attempts are carried out during a pause, too. `Infinity`: no attempt is
   * refused, and only those are counted that fail while there is no pause.
   */
  readonly allowedDespitePause: number;
  /** A count is forgotten an hour after its first or its last attempt. */
  readonly forgottenAfter: 'first' | 'last';
  /** Default: a minute. */
  readonly longestPauseMs?: number;
}

/** An attempt to log in, whether or not the account exists. */
export interface LoginAttempt {
  /** The e-mail without regard to case. */
  readonly account: string;
  readonly network: string;
}

/**
 * The counts of failed logins. A known network is one from which the user has logged in before.
 *
 * An unknown network has 5 free failures at an account and 100 at all accounts; all unknown networks
 * together have 25 at an account. With the pauses that follow, they can make some 90 guesses an hour
 * at an account (threat:password-guessing; ASVS 2.2.1 allows 100).
 *
 * A known network is not checked against the last two, which strangers and neighbours can fill
 * (threat:victim-lockout). During the pause after its own failures, the right password is accepted
 * all the same, as a neighbour behind the same address may have caused them.
 */
export function loginLimits(attempt: LoginAttempt, isKnownNetwork: boolean): AttemptLimits {
  const here = failuresHere(attempt);
  if (isKnownNetwork) {
    return { limits: [here], allowedDespitePause: Infinity, forgottenAfter: 'last' };
  }
  return {
    limits: [
      here,
      { key: `address:${attempt.network}`, free: 100 },
      { key: accountKey(attempt), free: 25 },
    ],
    allowedDespitePause: 0,
    forgottenAfter: 'last',
  };
}

/**
 * The counts of wrong second factors of a user: as many as of wrong passwords, and counted apart from
 * them. Only someone who knows the password can add to them. A code has six digits: at a known network
 * a right one is accepted during pauses up to 100 failures only (NIST SP 800-63B section 5.2.2).
 */
export function secondFactorLimits(
  userId: string,
  network: string,
  isKnownNetwork: boolean,
): AttemptLimits {
  const limits = loginLimits({ account: `second-factor:${userId}`, network }, isKnownNetwork);
  return { ...limits, allowedDespitePause: Math.min(limits.allowedDespitePause, 100) };
}

/** The table must not collect e-mail addresses that users mistyped. */
const hashed = (account: string): string =>
  createHash('sha256').update(account).digest('base64url');

const accountKey = ({ account }: LoginAttempt): string => `account:${hashed(account)}`;

/** The count of failures of an account at a network. */
export const failuresHere = (attempt: LoginAttempt): Limit => ({
  key: `${accountKey(attempt)}@${attempt.network}`,
  free: 5,
  isResetBySuccess: true,
});

/**
 * The counts of registrations from a network. The answer `email_taken` reveals an account, so a
 * network gets 20 of them, and then one a minute (threat:account-enumeration).
 */
export function registrationLimits(network: string, accountsPerHour: number): AttemptLimits {
  return {
    limits: [
      { key: `registration:${network}`, free: accountsPerHour, countsSuccess: true },
      { key: `taken:${network}`, free: 20 },
    ],
    allowedDespitePause: 0,
    // Otherwise a large network with a registration every few minutes would reach any limit.
    forgottenAfter: 'first',
  };
}

/**
 * So many of something in an hour, successes included, and then one a minute, or fewer with
 * `longestPauseMs`.
 */
const quota = (key: string, free: number, longestPauseMs?: number): AttemptLimits => ({
  limits: [{ key, free, countsSuccess: true }],
  allowedDespitePause: 0,
  forgottenAfter: 'first',
  ...(longestPauseMs !== undefined && { longestPauseMs }),
});

/** Of logins with a passkey alone that a network has begun: pages may begin one each time. */
export const passkeyChallengeLimits = (network: string, perHour: number): AttemptLimits =>
  quota(`passkey-logins:${network}`, perHour);

/** Of requests for mail to any address, from a network or of a user. */
export const mailRequestLimits = (requester: string): AttemptLimits =>
  quota(`mail-requests:${requester}`, 30);

/**
 * Of mails of logins from a new network. Someone who has the password, and a large network, could otherwise
 * fill the mailbox of the user (threat:mail-flood).
 */
export const newLoginMailLimits = (userId: string): AttemptLimits =>
  quota(`new-login-mails:${userId}`, 5, 15 * 60_000);

/** Of exports of an account, each of which reads all that is kept of it. */
export const exportLimits = (userId: string): AttemptLimits => quota(`exports:${userId}`, 10);

/** What a mail that anyone can cause is for: a forgotten password, or who owns the address. */
export type MailPurpose = 'reset' | 'verification';

/**
 * Of mails to an address that anyone can cause: for each purpose some dozen in an hour. Nobody may fill the
 * mailbox of someone else (threat:mail-flood). Each purpose has a count of its own, so that strangers who
 * register the address keep no reset from its owner.
 */
export const mailLimits = (purpose: MailPurpose, account: string): AttemptLimits =>
  quota(`mails:${purpose}:${hashed(account)}`, 3, 15 * 60_000);
