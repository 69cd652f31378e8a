// Tries the properties (`*.property.*spec.ts`) with cases that npm test does not try:
//   npm run fuzz -- --minutes 30              for about half an hour, each property for as long as any other
//   npm run fuzz -- --minutes 1 claims        those of the files whose path contains `claims`
//   npm run fuzz -- --minutes 30 --seed 4711  the same cases again
// Ends with an error, a seed and the smallest failing case if a property does not hold.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';

const ROOT = path.join(import.meta.dirname, '..');
const PROPERTY_SPEC = /\.property\.(\w+-)?spec\.ts$/;
/** Beside its share a property may take that long to begin and to find the smallest failing case. */
const GRACE_SECONDS = 600;

const { minutes, seed, filters } = settings();
const files = propertySpecs().filter((file) => filters.every((text) => file.includes(text)));
if (files.length === 0) fail(`No property spec has ${filters.join(' and ')} in its path`);
// `runs(…, …)` has a number of runs instead of a share.
const count = files.reduce((sum, file) => sum + sharesOf(file), 0);
const seconds = Math.max(1, Math.round((minutes * 60) / Math.max(count, 1)));
console.log(`${files.length} files, ${count} properties for ${seconds} s each, seed ${seed}`);

/** The Vitest project of a spec. */
const projectOf = (file) => /\.(?!database-)(\w+)-spec\.ts$/.exec(file)?.[1] ?? 'test';
if (files.some((file) => projectOf(file) !== 'test'))
  run('npx', ['nx', 'run-many', '-t', 'build', '--outputStyle=static'], ROOT);
let failed = 0;
for (const [member, specs] of byMember(files)) {
  const projects = [...new Set(specs.map(projectOf))].flatMap((name) => ['--project', name]);
  const args = ['run', ...projects, '--no-file-parallelism'];
  const timeout = `--testTimeout=${(seconds + GRACE_SECONDS) * 1000}`;
  const names = specs.map((file) => path.relative(member, file));
  // Each member runs, also if one has failed.
  failed = run('npx', ['vitest', ...args, timeout, ...names], path.join(ROOT, member)) || failed;
}
console.log(failed ? `A property failed. The seed was ${seed}` : `All held. The seed was ${seed}`);
process.exitCode = failed;

function settings() {
  const options = /** @type {const} */ ({
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
  });
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const minutes = Number(values.minutes);
    const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
    if (!(minutes > 0 && minutes <= 10_000)) fail(`--minutes ${values.minutes} is no time`);
    if (!Number.isInteger(seed)) fail(`--seed ${values.seed} is no whole number`);
    return { minutes, seed, filters: positionals };
  } catch (error) {
    return fail(error.message);
  }
}

function propertySpecs() {
  return ['apps', 'libs'].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder)).flatMap((member) => {
      const src = path.join(folder, member, 'src');
      if (!existsSync(path.join(ROOT, src))) return [];
      const all = readdirSync(path.join(ROOT, src), { recursive: true });
      return all.filter((file) => PROPERTY_SPEC.test(file)).map((file) => path.join(src, file));
    }),
  );
}

function sharesOf(file) {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  return text.match(/\bruns\(\w+\)/g)?.length ?? 0;
}

function memberOf(file) {
  return file.split(path.sep).slice(0, 2).join(path.sep);
}

function byMember(all) {
  const members = [...new Set(all.map(memberOf))];
  return members.map((member) => [member, all.filter((file) => memberOf(file) === member)]);
}

function run(command, args, cwd) {
  const env = { ...process.env, FUZZ_SECONDS: String(seconds), FUZZ_SEED: String(seed) };
  return spawnSync(command, args, { cwd, env, stdio: 'inherit' }).status ?? 1;
}

function fail(message) {
  console.error(`${message}\nTry: npm run fuzz -- --minutes 10`);
  process.exit(2);
}
