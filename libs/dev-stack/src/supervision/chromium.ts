import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { DevStackError } from '../errors.js';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'];
const ELSEWHERE = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/**
 * The browser of this machine: `CHROME_PATH`, or one that is found. `undefined`: there is none, or
 * `CHROME_PATH` is `none`.
 *
 * @throws DevStackError `setting_invalid` if there is none and `CI` is set: there nobody reads that tests
 *   were skipped
 */
export function findChromium(
  env: NodeJS.ProcessEnv = process.env,
  elsewhere: readonly string[] = ELSEWHERE,
): string | undefined {
  if (env['CHROME_PATH'] === 'none') return undefined;
  // Set but wrong, it must not be replaced by another browser without a word.
  if (env['CHROME_PATH']) return env['CHROME_PATH'];
  const folders = (env['PATH'] ?? '').split(path.delimiter);
  const candidates = folders.flatMap((folder) => NAMES.map((name) => path.join(folder, name)));
  const found = [...candidates, ...elsewhere].find(isExecutable);
  if (found === undefined && env['CI']) {
    const message = 'There is no Chromium. Install one, or set CHROME_PATH (none: skip its tests).';
    throw new DevStackError('setting_invalid', message);
  }
  return found;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
