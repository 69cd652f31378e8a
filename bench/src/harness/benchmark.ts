import type { Histogram } from './histogram.js';

/** `full` measures; `smoke` only shows, in seconds, that everything still runs. */
export type Effort = 'full' | 'smoke';

/** Tells the terminal how far a benchmark is. */
export type Progress = (text: string) => void;

export interface Column {
  readonly title: string;
  /** How many digits after the point are worth reading. */
  readonly digits: number;
  /** Has a chart of its own. Without any such column the first one has. */
  readonly isCharted?: boolean;
}

export interface Row {
  readonly name: string;
  /** One for each column: `null` where there is nothing to measure. */
  readonly values: readonly (number | null)[];
}

/** What was hoped for, and what came of it. */
export interface Aim {
  readonly text: string;
  readonly measured: string;
  readonly isMet: boolean;
}

export interface Findings {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** Drawn beside the bars. */
  readonly histograms?: readonly Histogram[];
  readonly aims: readonly Aim[];
}

/** One question, asked of several contenders in one run. */
export interface Benchmark {
  readonly name: string;
  readonly question: string;
  /** What is timed, on what, and what the numbers leave out. */
  readonly method: string;
  /** What profiles have told of an aim that stays out of reach. Shown with runs that miss one. */
  readonly whyMissed?: string;
  /** npm packages whose versions the reader wants to know. */
  readonly packages: readonly string[];
  run(effort: Effort, progress: Progress): Promise<Findings>;
}
