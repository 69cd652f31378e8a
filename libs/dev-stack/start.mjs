// `npm start`, and `npm run dev` with `--rebuild`: builds what has changed, then becomes the launcher.
// In one process, so that a signal to npm reaches it without a shell in between.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath, URL } from 'node:url';

const nx = createRequire(import.meta.url).resolve('nx/bin/nx.js');
const build = (projects) => [
  nx,
  ...['run-many', '-t', 'build', '-p', projects, '--outputStyle=static'],
];

console.log('Building ...');
const builtAt = Date.now();
const building = spawn(process.execPath, build('apps/*,dev-stack'), {
  cwd: fileURLToPath(new URL('../..', import.meta.url)),
  stdio: ['ignore', 'pipe', 'pipe'],
});
let output = '';
for (const stream of [building.stdout, building.stderr]) {
  stream.setEncoding('utf8').on('data', (text) => (output += text));
}
// A signal to this process alone, as npm sends it, must end nx too.
let isAskedToEnd = false;
const end = (signal) => {
  isAskedToEnd = true;
  building.kill(signal);
};
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
for (const signal of SIGNALS) process.on(signal, end);
const [status] = await once(building, 'close');
if (isAskedToEnd) process.exit(0);
if (status !== 0) {
  console.error(`${output}\nThe build failed.`);
  process.exit(1);
}
for (const signal of SIGNALS) process.off(signal, end);

const { main } = await import('./dist/main.js');
const rebuild = process.argv.includes('--rebuild')
  ? { builtAt, buildArgs: build('apps/*') }
  : undefined;
process.exit(await main(rebuild));
