import { DrillReport, type Drill } from './drill.js';

export interface RunOptions {
  /** A drill that is skipped fails the run: in CI, where the report is not read. */
  readonly mustAllRun: boolean;
  readonly print: (line: string) => void;
}

/** Runs them one after the other. Returns whether every promise was kept. */
export async function runDrills(
  drills: readonly Drill[],
  { mustAllRun, print }: RunOptions,
): Promise<boolean> {
  let haveHeld = true;
  const skipped: string[] = [];
  for (const drill of drills) {
    print(`\n${drill.name}: ${drill.about}`);
    const report = new DrillReport(print);
    await drill.run(report);
    haveHeld &&= report.hasHeld;
    if (report.wasSkipped) skipped.push(drill.name);
  }
  if (skipped.length > 0) {
    print(`\n!!! SKIPPED: ${skipped.join(', ')}. See above.`);
    if (mustAllRun) print('That fails the run, because CI is set.');
  }
  print(haveHeld ? '\nEvery promise was kept.' : '\nA promise was BROKEN: see above.');
  return haveHeld && !(mustAllRun && skipped.length > 0);
}
