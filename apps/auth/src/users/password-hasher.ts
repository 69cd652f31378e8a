import { randomUUID } from 'node:crypto';

import { inSpan } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';

import { HashQueue } from './hash-queue.js';
import { importedHash } from './imported-hashes.js';

/**
 * What OWASP recommends for Argon2id, the default algorithm of the library. Tests of what comes after the
 * hash lower it.
 */
@Injectable()
export class HashCost {
  /** KiB */
  memoryCost = 19_456;
  timeCost = 2;
  parallelism = 1;
}

const PHC =
  /^\$(?<variant>\w+\$(?:v=\d+\$)?)m=(?<memoryCost>\d+),t=(?<timeCost>\d+),p=(?<parallelism>\d+)\$/;
const VARIANT = 'argon2id$v=19$';

const PARALLEL = 2;
// At 10 to 20 ms a hash, the last in the queue waits for about half a second.
const QUEUE = 64;

const HASH_SPAN = () => ({ name: 'argon2id hash' });
const VERIFY_SPAN = () => ({ name: 'argon2id verify' });

/** What a caller can do during its turn. */
export interface Hashing {
  /** A password in PHC form, with a salt of its own. */
  readonly hash: (password: string) => Promise<string>;

  /**
   * Whether the password matches. Without a stored hash it takes as long and returns false, so that
   * the time does not show which e-mails have an account.
   */
  readonly verify: (stored: string | undefined, password: string) => Promise<boolean>;
}

/**
 * Argon2id (RFC 9106), with a bound on the CPU and memory that it takes. Hashes of other systems are
 * verified, too: see `importedHash`.
 */
@Injectable()
export class PasswordHasher {
  private readonly queue = new HashQueue(PARALLEL, QUEUE);
  private readonly hashOfNobody: Promise<string>;

  private readonly hashing: Hashing = {
    hash: (password) => inSpan(HASH_SPAN, () => hash(password, this.cost)),
    verify: async (stored, password) => {
      const imported = stored === undefined ? undefined : importedHash(stored);
      if (imported) return inSpan(VERIFY_SPAN, () => imported.verify(password));
      const compared = stored ?? (await this.hashOfNobody);
      const isEqual = await inSpan(VERIFY_SPAN, () => verify(compared, password));
      return isEqual && stored !== undefined;
    },
  };

  constructor(private readonly cost: HashCost) {
    this.hashOfNobody = hash(randomUUID(), cost);
  }

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
   * For callers that would do other work before a turn that they cannot get.
   *
   * @throws UsersError `too_many_attempts` when too many wait
   */
  assertRoom(network: string): void {
    this.queue.assertRoom(network);
  }

  /** How many callers hash now, and how many wait. */
  get load(): HashQueue['load'] {
    return this.queue.load;
  }

  /** Whether the next caller must wait. */
  get isBusy(): boolean {
    return this.queue.isBusy;
  }

  /**
   * Whether the present parameters would make the hash stronger. A hash with any stronger parameter is
   * kept: it was imported, or made before the parameters were lowered. Any hash of another kind is
   * replaced, if the password that matched it is the whole one.
   */
  needsRehash(stored: string, password: string): boolean {
    const found = PHC.exec(stored)?.groups;
    if (!found) return importedHash(stored)?.isOfWhole(password) ?? true;
    const ratios = Object.entries(this.cost).map(
      ([name, ours]) => Number(found[name]) / Number(ours),
    );
    if (ratios.some((ratio) => ratio > 1)) return false;
    return found['variant'] !== VARIANT || ratios.some((ratio) => ratio < 1);
  }
}
