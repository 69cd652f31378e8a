import { setTimeout as sleep } from 'node:timers/promises';
import { CALLS, type Call, type Clients } from './clients.js';

/** A fault that operators meet, with the promises of the documentation for it. */
export interface Drill {
  readonly name: string;
  /** In one sentence, for the report. */
  readonly about: string;
  run(report: DrillReport): Promise<void>;
}

/** Prints the steps of a drill while it runs, and keeps whether every promise held. */
export class DrillReport {
  hasHeld = true;
  wasSkipped = false;

  constructor(private readonly print: (line: string) => void) {}

  step({ elapsed }: { readonly elapsed: string }, what: string): void {
    this.print(`  ${elapsed.padStart(7)}  ${what}`);
  }

  note(what: string): void {
    this.print(`  ${what}`);
  }

  /** This machine lacks what the drill needs. The report must not look as if the drill had run. */
  skip(why: string): void {
    this.wasSkipped = true;
    this.print(`  !!! SKIPPED, nothing was tried: ${why}`);
  }

  promise(what: string, isKept: boolean): void {
    this.hasHeld &&= isKept;
    this.print(`  ${isKept ? 'kept  ' : 'BROKEN'}  ${what}`);
  }

  /** Prints the outcomes that the clients saw, and checks that all of them are allowed. */
  seen({ seen }: Clients, allowed: Readonly<Record<Call, readonly string[]>>): void {
    for (const call of CALLS) {
      this.print(`  ${call.padEnd(7)}  ${String(seen[call])}`);
      const others = seen[call].troubles.filter((trouble) => !allowed[call].includes(trouble));
      const expected = ['ok', ...allowed[call]].join(', ');
      this.promise(`${call}: nothing but ${expected}`, others.length === 0);
    }
  }
}

/** Long enough for the clients to see it. */
export const aWhile = (): Promise<void> => sleep(3_000);
