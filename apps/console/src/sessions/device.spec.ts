import { describe, expect, it } from 'vitest';

import { deviceInWords, placeInWords } from './device.js';

const WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)';

describe('a device in words', () => {
  it.each([
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/140.0 Safari/537.36 Edg/140.0`,
      'Edge on Windows',
    ],
    [`Mozilla/5.0 (X11; Linux x86_64) ${WEBKIT} Chrome/140.0 Safari/537.36`, 'Chrome on Linux'],
    [
      `Mozilla/5.0 (Linux; Android 15; SM-S921) ${WEBKIT} SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36`,
      'Samsung Internet on Android',
    ],
    ['Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Windows'],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1',
      'Safari on iPhone',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15',
      'Safari on Mac',
    ],
    ['curl/8.5.0', 'curl'],
    ['my-backup-job/2.1 (cron)', 'my-backup-job'],
    ['x'.repeat(5_000), 'x'.repeat(40)],
    ['', 'An unknown device'],
    [null, 'An unknown device'],
  ])('%s', (userAgent, words) => {
    expect(deviceInWords(userAgent)).toBe(words);
  });
});

describe('a place in words', () => {
  it.each([
    ['127.0.0.1', 'from the computer that auth runs on'],
    ['::1', 'from the computer that auth runs on'],
    ['192.168.1.7', 'from a private network (192.168.1.7)'],
    ['172.31.0.1', 'from a private network (172.31.0.1)'],
    ['fd00::2', 'from a private network (fd00::2)'],
    ['172.32.0.1', 'from 172.32.0.1'],
    ['::ffff:203.0.113.9', 'from 203.0.113.9'],
    ['2001:db8::1', 'from 2001:db8::1'],
    ['unknown', 'from an unknown place'],
  ])('%s: %s', (address, words) => {
    expect(placeInWords(address)).toBe(words);
  });
});
