import { execute, type Statement } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

const CLOCK: Statement = { name: 'clock', text: 'SELECT clock_timestamp() AS now' };

/** In whole seconds, for answers such as `expires_in`. 0 when it has come. */
export function secondsUntil(end: Date, now: Date): number {
  return Math.max(0, Math.floor((+end - +now) / 1000));
}

/** The wall clock of this process. Tests replace it with one that they can move. */
@Injectable()
export class Clock {
  now(): Date {
    return new Date();
  }

  /** The clock of the database, which all processes share: for what they must agree on. */
  async database(manager: EntityManager): Promise<Date> {
    const [row] = (await execute<{ now: Date }>(manager, CLOCK, [])) as [{ now: Date }];
    return row.now;
  }

  /** Whole seconds since the epoch: a NumericDate of RFC 7519, rounded down. */
  seconds(): number {
    return Math.floor(this.now().getTime() / 1000);
  }
}
