// Runs the tests on other versions of Node, which the registry ships as packages:
//   npm run test:nodes                       npm test on Node 22, 24 and 26, one after the other
//   npm run test:nodes -- 24 -- npm run test:unit   another command, on the given versions
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const ROOT = path.join(import.meta.dirname, '..');
const SYSTEMS = { linux: 'linux', darwin: 'darwin', win32: 'win' };

const [versions, command] = split(process.argv.slice(2));
const outcomes = versions.map((version) => `Node ${version}: ${testOn(version)}`);
console.log(`\n${outcomes.join('\n')}`);
process.exitCode = outcomes.every((outcome) => outcome.endsWith(': passed')) ? 0 : 1;

function split(args) {
  const at = args.indexOf('--');
  const given = at === -1 ? args : args.slice(0, at);
  const rest = at === -1 ? [] : args.slice(at + 1);
  const wrong = given.find((version) => !/^\d+(\.\d+){0,2}$/.test(version));
  if (wrong !== undefined) {
    console.error(`"${wrong}" is no version of Node. Try: npm run test:nodes -- 22 24`);
    process.exit(2);
  }
  return [given.length > 0 ? given : ['22', '24', '26'], rest.length > 0 ? rest : ['npm', 'test']];
}

function testOn(version) {
  const binary = install(version);
  if (binary === undefined) return 'could not be installed';
  // First on the path: npm and everything that it starts run on it.
  const PATH = `${path.dirname(binary)}${path.delimiter}${process.env.PATH}`;
  const { stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8' });
  console.log(`\n=== ${command.join(' ')} on Node ${stdout.trim()}`);
  const { status } = spawnSync(command[0], command.slice(1), {
    cwd: ROOT,
    env: { ...process.env, PATH },
    stdio: 'inherit',
  });
  return status === 0 ? 'passed' : `failed (${status})`;
}

/** @returns the program, or `undefined` if the registry has none for this machine */
function install(version) {
  const name = `node-${SYSTEMS[process.platform]}-${process.arch}`;
  const prefix = path.join(ROOT, '.data/nodes', version);
  mkdirSync(prefix, { recursive: true });
  const args = ['install', '--prefix', prefix, '--no-save', '--ignore-scripts'];
  const { status } = spawnSync('npm', [...args, `${name}@${version}`], { stdio: 'inherit' });
  const program = process.platform === 'win32' ? 'node.exe' : 'node';
  return status === 0 ? path.join(prefix, 'node_modules', name, 'bin', program) : undefined;
}
