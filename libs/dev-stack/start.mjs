// `npm start`, and `npm run dev` with `--rebuild`: builds what has changed, then becomes the launcher.
// In one process, so that a signal to npm reaches it without a shell in between.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, URL } from 'node:url';

const nx = createRequire(import.meta.url).resolve('nx/bin/nx.js');
const build = (projects) => [
  nx,
  ...['run-many', '-t', 'build', '-p', projects, '--outputStyle=static'],
];

console.log('Building ...');
const builtAt = Date.now();
const { status, stdout, stderr } = spawnSync(process.execPath, build('apps/*,dev-stack'), {
  cwd: fileURLToPath(new URL('../..', import.meta.url)),
  encoding: 'utf8',
});
if (status !== 0) {
  console.error(`${stdout}${stderr}\nThe build failed.`);
  process.exit(1);
}

const { main } = await import('./dist/main.js');
const rebuild = process.argv.includes('--rebuild')
  ? { builtAt, buildArgs: build('apps/*') }
  : undefined;
process.exit(await main(rebuild));
