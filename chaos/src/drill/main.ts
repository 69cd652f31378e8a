import { DrillReport, type Drill } from './drill.js';
import { DRILLS } from './drills.js';

const names = process.argv.slice(2);
const unknown = names.filter((name) => !DRILLS.some((drill) => drill.name === name));
if (unknown.length > 0) {
  const known = DRILLS.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`);
  console.error(`There is no drill "${unknown.join('", "')}". Those that there are:`);
  console.error(known.join('\n'));
  process.exitCode = 2;
} else {
  const chosen = DRILLS.filter(({ name }) => names.length === 0 || names.includes(name));
  process.exit((await runAll(chosen)) ? 0 : 1);
}

async function runAll(drills: readonly Drill[]): Promise<boolean> {
  let haveHeld = true;
  const skipped: string[] = [];
  for (const drill of drills) {
    console.log(`\n${drill.name}: ${drill.about}`);
    const report = new DrillReport((line) => console.log(line));
    await drill.run(report);
    haveHeld &&= report.hasHeld;
    if (report.wasSkipped) skipped.push(drill.name);
  }
  if (skipped.length > 0) console.log(`\n!!! SKIPPED: ${skipped.join(', ')}. See above.`);
  console.log(haveHeld ? '\nEvery promise was kept.' : '\nA promise was BROKEN: see above.');
  return haveHeld;
}
