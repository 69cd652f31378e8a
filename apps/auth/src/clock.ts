import { Injectable } from '@nestjs/common';

/** The wall clock of this process. Tests put one in its place that they can move. */
@Injectable()
export class Clock {
  now(): Date {
    return new Date();
  }

  /** Whole seconds since the epoch: a NumericDate of RFC 7519, rounded down. */
  seconds(): number {
    return Math.floor(this.now().getTime() / 1000);
  }
}
