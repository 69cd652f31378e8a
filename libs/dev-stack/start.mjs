// `npm start`: builds what changed, then becomes the launcher. In one process, so that a signal to
// npm reaches it without a shell in between.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, URL } from 'node:url';

const nx = createRequire(import.meta.url).resolve('nx/bin/nx.js');
const build = ['run-many', '-t', 'build', '-p', 'auth,orders,dev-stack', '--outputStyle=static'];

console.log('Building ...');
const { status, stdout, stderr } = spawnSync(process.execPath, [nx, ...build], {
  cwd: fileURLToPath(new URL('../..', import.meta.url)),
  encoding: 'utf8',
});
if (status !== 0) {
  console.error(`${stdout}${stderr}\nThe build failed.`);
  process.exit(1);
}

await import('./dist/main.js');
