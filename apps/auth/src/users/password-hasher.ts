import { randomUUID } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';

import { HashQueue } from './hash-queue.js';

/** OWASP's first choice for Argon2id, which is also the algorithm that the library defaults to. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

const PHC =
  /^\$(?<variant>\w+\$(?:v=\d+\$)?)m=(?<memoryCost>\d+),t=(?<timeCost>\d+),p=(?<parallelism>\d+)\$/;
const VARIANT = 'argon2id$v=19$';

const PARALLEL = 2;
// At 10 to 20 ms a hash, the last in the queue waits for about half a second.
const QUEUE = 64;

/** What may be done during a turn. */
export interface Hashing {
  /** A password in PHC form, with a salt of its own. */
  readonly hash: (password: string) => Promise<string>;

  /**
   * Whether this is the password. Without a stored hash it takes as long, and the answer is no: time
   * must not show which e-mails have an account.
   */
  readonly verify: (stored: string | undefined, password: string) => Promise<boolean>;
}

/** Argon2id (RFC 9106) with a bound on how much of the machine it takes. */
@Injectable()
export class PasswordHasher {
  private readonly queue = new HashQueue(PARALLEL, QUEUE);
  private readonly hashOfNobody = hash(randomUUID(), PARAMETERS);

  private readonly hashing: Hashing = {
    hash: (password) => hash(password, PARAMETERS),
    verify: async (stored, password) => {
      const isEqual = await verify(stored ?? (await this.hashOfNobody), password);
      return isEqual && stored !== undefined;
    },
  };

  /**
   * Waits for a turn to hash, and ends it when `work` is done.
   *
   * @param network of the caller: turns are shared fairly between networks
   * @throws UsersError `too_many_attempts` when too many wait
   */
  inTurn<T>(network: string, work: (hashing: Hashing) => Promise<T>): Promise<T> {
    return this.queue.run(network, () => work(this.hashing));
  }

  /**
   * For callers that would do other work before a turn that they will not get.
   *
   * @throws UsersError `too_many_attempts` when too many wait
   */
  assertRoom(network: string): void {
    this.queue.assertRoom(network);
  }

  /** How many hash now, and how many wait for their turn. */
  get load(): HashQueue['load'] {
    return this.queue.load;
  }

  /** A newcomer has to wait. */
  get isBusy(): boolean {
    return this.queue.isBusy;
  }

  /**
   * Whether today's parameters make the hash stronger. One that is stronger in some respect is left
   * as it is: a hash that was imported, or from before the parameters were lowered.
   */
  needsRehash(stored: string): boolean {
    const found = PHC.exec(stored)?.groups;
    if (!found) return true;
    const ratios = Object.entries(PARAMETERS).map(([name, ours]) => Number(found[name]) / ours);
    if (ratios.some((ratio) => ratio > 1)) return false;
    return found['variant'] !== VARIANT || ratios.some((ratio) => ratio < 1);
  }
}
