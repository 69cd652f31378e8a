/** `full` measures; `smoke` only shows that everything still runs. */
export type Effort = 'full' | 'smoke';

/** Shows how far a benchmark is. */
export type Progress = (text: string) => void;

export interface Column {
  readonly title: string;
  /** How many digits after the point are worth reading. */
  readonly digits: number;
}

export interface Row {
  readonly name: string;
  /** One for each column: `null` where there is nothing to measure. */
  readonly values: readonly (number | null)[];
}

/** A goal, and what was measured. */
export interface Aim {
  readonly text: string;
  readonly measured: string;
  readonly isMet: boolean;
}

export interface Findings {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  readonly aims: readonly Aim[];
}

/** One question that a run answers for several contenders. */
export interface Benchmark {
  readonly name: string;
  readonly question: string;
  /** What is timed, on what, and what the numbers leave out. */
  readonly method: string;
  /** What profiles say about an aim that is out of reach. Shown with runs that miss one. */
  readonly whyMissed?: string;
  /** npm packages whose versions are shown. */
  readonly packages: readonly string[];
  run(effort: Effort, progress: Progress): Promise<Findings>;
}
