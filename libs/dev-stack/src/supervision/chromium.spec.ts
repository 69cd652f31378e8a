import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { findChromium } from './chromium.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chromium-'));
  for (const name of ['chromium', 'google-chrome']) writeFileSync(path.join(folder, name), '');
  chmodSync(path.join(folder, 'google-chrome'), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

it('is the one that CHROME_PATH names, whatever else there is', () => {
  expect(findChromium({ CHROME_PATH: '/opt/browser', PATH: folder })).toBe('/opt/browser');
});

it('is none where CHROME_PATH says so, whatever else there is', () => {
  expect(findChromium({ CHROME_PATH: 'none', PATH: folder })).toBeUndefined();
});

it('is found on the PATH, if it may be executed', () => {
  const PATH = ['/nowhere', folder].join(path.delimiter);
  expect(findChromium({ PATH, CHROME_PATH: '' })).toBe(path.join(folder, 'google-chrome'));
});

it('may be missing, except in CI', () => {
  const PATH = '/nowhere';
  expect(findChromium({ PATH }, [])).toBeUndefined();
  expect(() => findChromium({ PATH, CI: 'true' }, [])).toThrow('There is no Chromium');
  expect(findChromium({ PATH, CI: 'true', CHROME_PATH: 'none' }, [])).toBeUndefined();
});

it('is found where an installer has put it', () => {
  const elsewhere = [path.join(folder, 'google-chrome')];
  expect(findChromium({ PATH: '/nowhere' }, elsewhere)).toBe(elsewhere[0]);
});
