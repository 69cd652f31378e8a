import { Injectable } from '@nestjs/common';

import { Config } from '../config.js';
import { BreachedPasswords } from './breached-passwords.js';
import { isMadeOf, wordsIn } from './password-words.js';
import { UsersError } from './users.errors.js';

interface PasswordUse {
  /** Of the account. */
  readonly email: string;
  /** Of the password in the request. */
  readonly path: string;
}

/** What a new password must not be beyond its form, which `NewPassword` checks. */
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
