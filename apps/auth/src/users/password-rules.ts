import { Injectable } from '@nestjs/common';

import { Config } from '../config.js';
import { BreachedPasswords } from './breached-passwords.js';
import { UsersError } from './users.errors.js';

/** Characters. Shorter parts of a text are in any password. */
const MIN_WORD = 3;
/**
 * A password has as many besides known words: fewer are guessed in seconds. Two digits count as one letter:
 * years and dates are guessed first.
 */
const MIN_OTHER_LETTERS = 6;

interface PasswordUse {
  /** Of the account. */
  readonly email: string;
  /** Of the password in the request. */
  readonly path: string;
}

/** What a new password must not be. `NewPassword` checks its form. */
@Injectable()
export class PasswordRules {
  private readonly serviceWords: readonly string[];

  constructor(
    private readonly breached: BreachedPasswords,
    { issuer, passwordWords }: Config,
  ) {
    this.serviceWords = [...passwordWords, new URL(issuer).hostname].flatMap(wordsIn);
  }

  /**
   * Refuses words of the context, and what was stolen elsewhere.
   *
   * @throws UsersError `password_guessable`, `password_breached`
   */
  async refuse(password: string, { email, path }: PasswordUse): Promise<void> {
    if (isMadeOf(password, [...this.serviceWords, ...wordsIn(email)])) {
      throw new UsersError('password_guessable', 'The password is made of known words', { path });
    }
    await this.breached.refuse(password, path);
  }
}

/** The words in a text that a guesser would try: `ada` and `example` of `ada.l@example.com`. */
export function wordsIn(text: string): string[] {
  const words = text
    .toLowerCase()
    .normalize('NFKC')
    .split(/[^\p{L}\p{M}\p{N}]+/u);
  return words.filter((word) => [...word].length >= MIN_WORD);
}

/**
 * Whether a password is little more than words that its guesser knows: the e-mail, the name of the
 * service. A long one may have them in it.
 */
export function isMadeOf(password: string, words: readonly string[]): boolean {
  const whole = password.toLowerCase();
  // The longest first: `example` and not `exam` of it.
  const longestFirst = [...new Set(words)].sort((one, other) => other.length - one.length);
  let rest = whole;
  // Not joined: what is left of both sides would make new words.
  for (const word of longestFirst) rest = rest.replaceAll(word, ' ');
  const countOf = (kind: RegExp): number => rest.match(kind)?.length ?? 0;
  return rest !== whole && countOf(/\p{L}/gu) + countOf(/\p{N}/gu) / 2 < MIN_OTHER_LETTERS;
}
