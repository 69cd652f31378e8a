import { texts } from '../texts.js';

/** The first that matches. Edge and Opera call themselves Chrome, too, and Chrome Safari. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\b(?:OPR|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:HeadlessChrome|Chrome|CriOS|Chromium)\//, 'Chrome'],
  [/\bVersion\/[\d.]+.*\bSafari\//, 'Safari'],
  [/^curl\//, 'curl'],
  [/^node$|^undici$/, 'Node'],
  [/^okhttp\//, 'okhttp'],
  [/^python-requests\//, 'Python'],
];

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'Mac'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

const nameIn = (names: typeof BROWSERS, text: string) =>
  names.find(([pattern]) => pattern.test(text))?.[1];

/** `Firefox on Windows`: what a `User-Agent` says, in words. */
export function deviceInWords(userAgent: string | null): string {
  if (userAgent === null || userAgent.trim() === '') return texts.sessions.unknownDevice;
  const browser = nameIn(BROWSERS, userAgent);
  const system = nameIn(SYSTEMS, userAgent);
  if (browser && system) return texts.sessions.device(browser, system);
  // The name of a program, as far as it says one.
  return browser ?? system ?? userAgent.split(/[/\s]/, 1)[0]!.slice(0, 40);
}

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;
const PRIVATE =
  /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|f[cd][\da-f]{2}:|fe[89ab][\da-f]:)/i;

/** Where an address is, as far as the address itself says. */
export function placeInWords(address: string): string {
  if (address === 'unknown') return texts.sessions.unknownPlace;
  if (LOOPBACK.test(address)) return texts.sessions.thisMachine;
  const bare = address.replace(/^::ffff:/i, '');
  return PRIVATE.test(bare) ? texts.sessions.privateNetwork(bare) : texts.sessions.internet(bare);
}
