// What test-nodes.mjs and test-postgres.mjs have in common: the same command on several versions of a
// program, which npm installs into .data. mutation.mjs installs its program in the same way.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const ROOT = path.join(import.meta.dirname, '..');

/**
 * Runs the command of the arguments (`22 24 -- npm run lint`), or the default one, for each version.
 * @param {{ script: string, program: string, defaults: string[], pattern: RegExp, command: string[],
 *   environmentOf: (version: string) => Record<string, string> | undefined }} options
 *   `environmentOf` returns what the command needs to use a version, or `undefined` if the registry has
 *   none for this machine
 */
export function runOnVersions(options) {
  const [versions, command] = split(process.argv.slice(2), options);
  const outcomes = versions.map((version) => {
    const env = options.environmentOf(version);
    if (env === undefined) return `${options.program} ${version}: could not be installed`;
    console.log(`\n=== ${command.join(' ')} on ${options.program} ${version}`);
    const { status } = spawnSync(command[0], command.slice(1), {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: 'inherit',
    });
    return `${options.program} ${version}: ${status === 0 ? 'passed' : `failed (${status})`}`;
  });
  console.log(`\n${outcomes.join('\n')}`);
  process.exitCode = outcomes.every((outcome) => outcome.endsWith(': passed')) ? 0 : 1;
}

function split(args, { script, program, defaults, pattern, command }) {
  const at = args.indexOf('--');
  const given = at === -1 ? args : args.slice(0, at);
  const rest = at === -1 ? [] : args.slice(at + 1);
  const wrong = given.find((version) => !pattern.test(version));
  if (wrong !== undefined) {
    const example = defaults.slice(0, 2).join(' ');
    console.error(`"${wrong}" is no version of ${program}. Try: npm run ${script} -- ${example}`);
    process.exit(2);
  }
  return [given.length > 0 ? given : defaults, rest.length > 0 ? rest : command];
}

/**
 * @param others packages of the same version that go with it. What they expect beside themselves is that
 *   of this repository
 * @returns the folder of the package, or `undefined` if it could not be installed
 */
export function install(name, version, place, others = []) {
  const prefix = path.join(ROOT, '.data', place, version);
  mkdirSync(prefix, { recursive: true });
  const args = [
    'install',
    '--prefix',
    prefix,
    '--no-save',
    '--ignore-scripts',
    '--legacy-peer-deps',
  ];
  const packages = [name, ...others].map((each) => `${each}@${version}`);
  const { status } = spawnSync('npm', [...args, ...packages], { stdio: 'inherit' });
  return status === 0 ? path.join(prefix, 'node_modules', name) : undefined;
}
