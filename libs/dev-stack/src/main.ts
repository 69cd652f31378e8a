import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadEnvFile } from 'node:process';
import { findApps, ROOT } from './stack/app.js';
import { runLauncher } from './stack/launcher.js';
import { SHARED_SOURCES, type RebuildOptions } from './stack/rebuild.js';

const settings = join(ROOT, '.env');
if (existsSync(settings)) loadEnvFile(settings);

/** Runs `npm start`, or `npm run dev` with `rebuild`, until it is to end. @returns the exit code */
export function main(rebuild?: Omit<RebuildOptions, 'sources'>): Promise<number> {
  const apps = findApps(ROOT);
  const folders = apps.map(({ main }) => dirname(dirname(main)));
  const sources = [...folders, ...SHARED_SOURCES].map((path) => join(ROOT, path));
  return runLauncher({
    apps,
    env: process.env,
    dataDir: join(ROOT, '.data'),
    ...(rebuild && { rebuild: { ...rebuild, sources } }),
  });
}
