import type { Progress } from './benchmark.js';
import { median, quantile } from './statistics.js';

/** One way to do the job. */
export interface Contender<Input> {
  readonly name: string;
  /** Does it once. Throws, or gives a promise that rejects, when it refuses the input. */
  readonly call: (input: Input) => unknown;
}

export interface Course<Input> {
  readonly rounds: number;
  /** Rounds before the first one that counts. They have the numbers below zero. */
  readonly warmUpRounds: number;
  /** Calls timed together: one, unless a call is so short that the clock would weigh on it. */
  readonly callsPerSample: number;
  /** What each contender gets in a round. Asked anew for each, outside the timed part. */
  readonly inputs: (round: number) => readonly Input[];
}

export interface Timing {
  readonly name: string;
  /** Microseconds a call: the median and the 99th percentile of all samples. */
  readonly median: number;
  readonly p99: number;
  /** How many times as long as the first contender: the median of the rounds' ratios. */
  readonly ratio: number;
}

/**
 * Times contenders in turn, a short slice of work at a time: what else the machine does falls on
 * all of them alike, and a ratio compares slices that ran within the same fraction of a second.
 */
export async function interleave<Input>(
  contenders: readonly Contender<Input>[],
  course: Course<Input>,
  progress: Progress,
): Promise<Timing[]> {
  const { rounds, warmUpRounds } = course;
  const samples = contenders.map((): number[] => []);
  const roundMedians = contenders.map((): number[] => []);
  for (let round = -warmUpRounds; round < rounds; round++) {
    progress(round < 0 ? 'warming up' : `round ${round + 1} of ${rounds}`);
    for (let turn = 0; turn < contenders.length; turn++) {
      // Another one begins each time, so that none always runs right after the same other.
      const index = (turn + round + warmUpRounds) % contenders.length;
      const slice = await timeSlice(contenders[index]!, course, round);
      if (round < 0) continue;
      samples[index]!.push(...slice);
      roundMedians[index]!.push(median(slice));
    }
  }
  return contenders.map(({ name }, index) => ({
    name,
    median: median(samples[index]!),
    p99: quantile(samples[index]!, 0.99),
    ratio: median(roundMedians[index]!.map((each, round) => each / roundMedians[0]![round]!)),
  }));
}

async function timeSlice<Input>(
  { call }: Contender<Input>,
  { inputs, callsPerSample }: Course<Input>,
  round: number,
): Promise<number[]> {
  const slice = inputs(round);
  const samples: number[] = [];
  for (let at = 0; at + callsPerSample <= slice.length; at += callsPerSample) {
    const startedMs = performance.now();
    for (let each = at; each < at + callsPerSample; each++) {
      const answer = call(slice[each]!);
      // A synchronous answer is not awaited: that would cost a turn of the event loop.
      if (answer instanceof Promise) await answer;
    }
    samples.push(((performance.now() - startedMs) * 1000) / callsPerSample);
  }
  return samples;
}

/** Fails unless every contender accepts the one input and refuses the other. */
export async function expectJudgement<Input>(
  contenders: readonly Contender<Input>[],
  { accepts, refuses }: { accepts: Input; refuses: Input },
): Promise<void> {
  for (const { name, call } of contenders) {
    await call(accepts);
    const isRefused = await Promise.resolve(refuses)
      .then(call)
      .then(
        () => false,
        () => true,
      );
    if (!isRefused) throw new Error(`${name} accepts what it has to refuse`);
  }
}
