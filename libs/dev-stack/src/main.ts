import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadEnvFile } from 'node:process';
import { APPS, ROOT } from './stack/app.js';
import { runLauncher } from './stack/launcher.js';
import type { RebuildOptions } from './stack/rebuild.js';

const settings = join(ROOT, '.env');
if (existsSync(settings)) loadEnvFile(settings);

/** Runs `npm start`, or `npm run dev` with `rebuild`, until it is to end. @returns the exit code */
export function main(rebuild?: Omit<RebuildOptions, 'sources'>): Promise<number> {
  return runLauncher({
    apps: Object.values(APPS),
    env: process.env,
    dataDir: join(ROOT, '.data'),
    ...(rebuild && { rebuild: { ...rebuild, sources: SOURCES.map((path) => join(ROOT, path)) } }),
  });
}

/** What the apps are built from. */
const SOURCES = ['apps/auth', 'apps/orders', 'libs/chassis', 'libs/jwt-core'];
