import { findChromium } from '@jwt-auth/dev-stack';
import { chromium, type Browser } from 'playwright-core';

/** Where the browser of this machine is: `CHROME_PATH`, or on the path. */
export const browserPath = findChromium();

if (!browserPath) {
  const rule = '!'.repeat(78);
  process.stderr.write(
    `\n${rule}\nNO BROWSER: the tests of the console are SKIPPED. Install Chromium (Debian:\n` +
      `apt-get install chromium), or set CHROME_PATH to a Chromium or Chrome.\n${rule}\n`,
  );
}

let browser: Promise<Browser> | undefined;

/** The browser of this worker. It ends with it. */
export function openBrowser(): Promise<Browser> {
  browser ??= chromium.launch({
    executablePath: browserPath ?? '',
    // Its sandbox refuses to run as root.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  return browser;
}
