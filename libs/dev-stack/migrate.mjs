// `npm run migrate`: each built app migrates its database, one after the other, as it does with `migrate`.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { findApps, ROOT } from './dist/index.js';

for (const { main } of findApps(ROOT)) {
  const program = path.join(ROOT, main);
  const { status } = spawnSync(process.execPath, [program, 'migrate'], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
