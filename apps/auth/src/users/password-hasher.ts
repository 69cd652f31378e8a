import { randomUUID } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';

import { HashQueue } from './hash-queue.js';

// OWASP's first choice for Argon2id, which is also the algorithm that the library defaults to.
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const PREFIX = '$argon2id$v=19$m=19456,t=2,p=1$';

const PARALLEL = 2;
// At 10 to 20 ms a hash, the last in the queue waits for about half a second.
const QUEUE = 64;

/** What may be done while it is one's turn to hash. */
export interface Hashing {
  /** A password in PHC form, with a salt of its own. */
  readonly hash: (password: string) => Promise<string>;

  /**
   * Whether this is the password. Where there is none to compare with it takes as long all the
   * same, and says no: time must not tell which e-mails are known.
   */
  readonly verify: (stored: string | undefined, password: string) => Promise<boolean>;
}

/** Argon2id (RFC 9106) with a bound on how much of the machine it takes. */
@Injectable()
export class PasswordHasher {
  private readonly queue = new HashQueue(PARALLEL, QUEUE);
  private readonly nobodys = hash(randomUUID(), PARAMETERS);

  private readonly hashing: Hashing = {
    hash: (password) => hash(password, PARAMETERS),
    verify: async (stored, password) => {
      const isEqual = await verify(stored ?? (await this.nobodys), password);
      return isEqual && stored !== undefined;
    },
  };

  /**
   * Waits for a turn to hash, and gives it back when `work` is done.
   *
   * @throws UsersError `too_many_attempts` when too many wait already
   */
  inTurn<T>(work: (hashing: Hashing) => Promise<T>): Promise<T> {
    return this.queue.run(() => work(this.hashing));
  }

  /**
   * For who would do other work before they ask for a turn that they will not get.
   *
   * @throws UsersError `too_many_attempts` when too many wait already
   */
  assertRoom(): void {
    this.queue.assertRoom();
  }

  /** How many hash now, and how many wait for their turn. */
  get load(): HashQueue['load'] {
    return this.queue.load;
  }

  /** Whoever comes now has to wait. */
  get hasQueue(): boolean {
    return this.queue.isFull;
  }

  /** The stored form was made with other parameters than today's. */
  needsRehash(stored: string): boolean {
    return !stored.startsWith(PREFIX);
  }
}
