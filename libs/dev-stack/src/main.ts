import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadEnvFile } from 'node:process';
import { APPS, ROOT } from './stack/app.js';
import { runLauncher } from './stack/launcher.js';

const settings = join(ROOT, '.env');
if (existsSync(settings)) loadEnvFile(settings);

process.exit(
  await runLauncher({
    apps: Object.values(APPS),
    env: process.env,
    dataDir: join(ROOT, '.data'),
  }),
);
