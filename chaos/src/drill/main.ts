import { DRILLS } from './drills.js';
import { runDrills } from './run-drills.js';

const names = process.argv.slice(2);
const unknown = names.filter((name) => !DRILLS.some((drill) => drill.name === name));
if (unknown.length > 0) {
  const known = DRILLS.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`);
  console.error(`There is no drill "${unknown.join('", "')}". Those that there are:`);
  console.error(known.join('\n'));
  process.exitCode = 2;
} else {
  const chosen = DRILLS.filter(({ name }) => names.length === 0 || names.includes(name));
  const mustAllRun = names.length > 0 && Boolean(process.env['CI']);
  const print = (line: string) => console.log(line);
  process.exit((await runDrills(chosen, { mustAllRun, print })) ? 0 : 1);
}
